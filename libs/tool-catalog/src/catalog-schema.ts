import { compile } from '@jmespath-community/jmespath';
import { z } from 'zod';
import { isNamePattern, NAME_PATTERN_FORM } from './name-pattern.js';

const JMESPATH_FORM = 'a JMESPath expression over the parameters, for example connection.host || url';
const REGEX_FORM = 'a regular expression, matched without regard to case';

const word = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _, for example source_code');

const namePattern = z.string().refine(isNamePattern, `must be ${NAME_PATTERN_FORM}`);
const namePatterns = z.array(namePattern).min(1, 'must list at least one name');

const jmespath = z.string().refine(compiles(compile), `must be ${JMESPATH_FORM}`);
const regex = z
  .string()
  .min(1)
  .max(1000)
  .refine(
    compiles((text) => new RegExp(text, 'i')),
    `must be ${REGEX_FORM}`,
  );

function compiles(compiler: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      compiler(text);
      return true;
    } catch {
      return false;
    }
  };
}

const tools = z
  .strictObject({
    read: namePatterns.optional(),
    write: namePatterns.optional(),
    export: namePatterns.optional(),
    execute: namePatterns.optional(),
    delete: namePatterns.optional(),
  })
  .refine(
    (operations) => Object.keys(operations).length > 0,
    'must list names below read, write, export, execute or delete',
  );

const entry = z.strictObject({
  /** Names the entry in messages and listings. */
  name: z.string().min(1),
  system: word,
  category: word.refine((category) => category !== 'uncategorised', 'must not be uncategorised, which means no entry'),
  /** Names of MCP servers; absent for tools that an agent brings itself. */
  servers: namePatterns.optional(),
  tools,
  target: z
    .strictObject({
      kind: word,
      id: z.array(jmespath).min(1, `must list ${JMESPATH_FORM}`),
      /** Whether the name of the server identifies the resource when no parameter does. */
      orServer: z.boolean().default(false),
    })
    .optional(),
  environment: z
    .strictObject({
      from: z.array(jmespath).default([]),
      hints: z.array(jmespath).default([]),
    })
    .optional(),
});

/** The file `policies/catalog.yaml`. */
export const catalogSchema = z.strictObject({
  /** From the most to the least restrictive. */
  environments: z
    .array(z.strictObject({ name: word, patterns: z.array(regex).min(1, `must list ${REGEX_FORM}`) }))
    .min(1),
  entries: z.array(entry).min(1),
});

/** One entry as written. */
export type CatalogEntryDocument = z.infer<typeof entry>;
