import { readFileSync } from 'node:fs';
import { ConfigError } from '@iris/config';
import { parseDocument } from 'yaml';
import { z } from 'zod';

const name = z.string().trim().min(1).max(500);
/** A text, or its beginning or end beside one `*`. */
const pattern = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^*]*\*?[^*]*$/, 'a text with at most one *');

const kindSchema = z.strictObject({
  /** Whether facts are added to questions about this kind. */
  enrich: z.boolean().default(true),
  /** Where the facts about the resource itself are. */
  resource: z
    .strictObject({
      /** Attribute of the resource that holds its id in the source; `id` is the resource's own id. */
      idAttribute: name,
      /** Kind of the resource in the source registry, such as `database`. */
      kind: name,
    })
    .optional(),
});

const objectSchema = z.strictObject({
  id: name,
  properties: z.record(z.string(), z.json()).default({}),
});

const typeSchema = z.strictObject({
  kind: name.optional(),
  policyVersion: z.string().default(''),
  scope: z.string().default(''),
  /** Actions that an action search tries. */
  actions: z.array(name).max(1000).default([]),
  /** Resources that a resource search tries. */
  resources: z.array(objectSchema).max(10_000).default([]),
});

const subjectSchema = z.strictObject({
  /** Roles of each principal of this type. */
  roles: z.array(name).min(1),
  /** Whether subjects of this type are people, whose facts Iris holds. */
  people: z.boolean().default(true),
  /** Members that a subject search tries beside the people of the cache. */
  members: z.array(objectSchema).max(10_000).default([]),
});

const personPlace = z.union(
  [
    z.strictObject({ metadata: z.array(name).min(1).max(8) }),
    z.strictObject({ header: z.string().regex(/^[a-z0-9-]{1,64}$/, 'a header in lower case') }),
    z.strictObject({ certificate: z.literal(true) }),
  ],
  { error: 'a place is one of metadata, header and certificate' },
);

const gatewaysSchema = z.strictObject({
  /**
   * Where a gateway states the login name of the person, by precedence: in metadata that its own filters set, in a header
   * that it overwrites, or in the client certificate.
   */
  person: z.array(personPlace).max(16).default([]),
  /** Ids of MCP servers in the catalog by the names that gateways have for them, where they differ. */
  servers: z.record(name, name).default({}),
  /** What HTTP requests are asked about that are no MCP; without it they are denied. */
  http: z
    .strictObject({
      kind: name.default('http_request'),
      policyVersion: z.string().default(''),
      scope: z.string().default(''),
      /** Roles of each principal. */
      roles: z.array(name).min(1).default(['user']),
      /** Headers that policies see, in lower case. */
      headers: z
        .array(z.string().regex(/^[a-z0-9-]{1,64}$/, 'a header in lower case'))
        .max(64)
        .default([]),
    })
    .optional(),
});

const fileSchema = z.strictObject({
  principals: z
    .strictObject({
      /** Ids of people. A principal with another id is no person: no source is asked about it. */
      people: z.array(pattern).default(['*']),
      /** Attribute of the principal that holds the login name; its id without one. */
      loginAttribute: name.optional(),
    })
    .default({ people: ['*'] }),
  kinds: z.record(name, kindSchema).default({}),
  authzen: z
    .strictObject({
      subjects: z.record(name, subjectSchema).default({}),
      types: z.record(name, typeSchema).default({}),
    })
    .default({ subjects: {}, types: {} }),
  gateways: gatewaysSchema.default({ person: [], servers: {} }),
});

export type Mapping = z.infer<typeof fileSchema>;
export type PersonPlace = z.infer<typeof personPlace>;
export type KindMapping = z.infer<typeof kindSchema>;
export type SubjectMapping = z.infer<typeof subjectSchema>;
export type TypeMapping = z.infer<typeof typeSchema>;

/** The mapping without a file: every principal may be a person, every kind is enriched, and AuthZEN has no types. */
const DEFAULT_MAPPING: Mapping = fileSchema.parse({});

/** @throws ConfigError naming the file and the field */
export function parseMapping(path: string, text: string): Mapping {
  const fail = (problem: string): never => {
    throw new ConfigError(`configuration: mapping.file ${path}: ${problem}`);
  };
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) return fail(`is not valid YAML (${error.code})`);
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (cause) {
    return fail(`is not valid YAML (${(cause as Error).message})`);
  }
  const file = fileSchema.safeParse(value);
  if (file.success) return file.data;
  const issue = file.error.issues[0];
  const where = (issue?.path ?? []).join('.') || 'the file';
  if (issue?.code === 'unrecognized_keys') return fail(`${where} has the unknown field ${issue.keys.join(', ')}`);
  return fail(`${where}: ${issue?.message ?? 'not valid'}`);
}

/** @throws ConfigError when the file cannot be used */
export function readMapping(path: string | undefined): Mapping {
  if (path === undefined) return DEFAULT_MAPPING;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ConfigError(`configuration: mapping.file (IRIS_MAPPING_FILE) ${path} cannot be read (${code})`);
  }
  return parseMapping(path, text);
}

/** How a kind is handled; `*` is for every kind that is not listed. */
export function kindOf({ kinds }: Mapping, kind: string): KindMapping {
  if (Object.hasOwn(kinds, kind)) return kinds[kind] ?? ENRICHED;
  return (Object.hasOwn(kinds, '*') ? kinds['*'] : undefined) ?? ENRICHED;
}

const ENRICHED: KindMapping = { enrich: true };

export function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const end = pattern.slice(star + 1);
  return text.length >= star + end.length && text.startsWith(pattern.slice(0, star)) && text.endsWith(end);
}
