import { z } from 'zod';
import { normalHost } from './connection-strings/host-port.js';
import { isNamePattern, NAME_PATTERN_FORM } from './name-pattern.js';
import { PARAMETER_PATH } from './parameter-values.js';
import { programsSchema } from './programs-schema.js';

const REGEX_FORM = 'a regular expression, matched without regard to case';
const PATH_FORM = 'the path of one parameter, for example connection.host; every spelling of it counts';
const HOST_FORM = 'a host name, or *.domain for the hosts below a domain';
const SERVER_FORM = 'a name of letters, digits, - _ . and spaces, without a double underscore or a wildcard';

const word = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _, for example source_code');

const namePattern = z.string().refine(isNamePattern, `must be ${NAME_PATTERN_FORM}`);
const namePatterns = z.array(namePattern).min(1, 'must list at least one name');
const path = z.string().regex(PARAMETER_PATH, `must be ${PATH_FORM}`);
const host = z
  .string()
  .refine((text) => normalHost(text.replace(/^\*\./, '')) !== undefined, `must be ${HOST_FORM}`)
  .transform((text) => (text.startsWith('*.') ? `*.${normalHost(text.slice(2))}` : (normalHost(text) ?? text)));
const serverName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.: -]{0,63}$/, `must be ${SERVER_FORM}`)
  .refine((text) => !text.includes('__'), `must be ${SERVER_FORM}`);
const regex = z
  .string()
  .min(1)
  .max(1000)
  .refine((text) => {
    try {
      new RegExp(text, 'i');
      return true;
    } catch {
      return false;
    }
  }, `must be ${REGEX_FORM}`);

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

const target = z.strictObject({
  kind: word,
  /** The former form. */
  id: z
    .undefined({
      error: 'must be written as hosts: (hosts, connection strings) and names:, each a list of paths of parameters',
    })
    .optional(),
  /** Parameters that hold hosts, connection strings or URLs; only the host is told. */
  hosts: z.array(path).default([]),
  /** Parameters that hold a name or path, told as it is. */
  names: z.array(path).default([]),
  /** Whether the name of the server identifies the resource when no parameter does. */
  orServer: z.boolean().default(false),
});

/** Which parameters say where a call goes. Only these can show that it does not go to production. */
const source = z
  .strictObject(
    {
      /** Tools that really use these parameters; absent when all tools of the entry do. */
      tools: namePatterns.optional(),
      /** Hosts and connection strings. */
      hosts: z.array(path).default([]),
      /** Web addresses; hosts outside the organisation say nothing. */
      urls: z.array(path).default([]),
      /** Names that are no hosts: contexts of clusters, databases. */
      names: z.array(path).default([]),
    },
    {
      error: ({ input }) =>
        typeof input === 'string'
          ? `must be a mapping such as { hosts: [${PARAMETER_PATH.test(input) ? input : 'host'}] }, with urls or names for other values`
          : undefined,
    },
  )
  .refine(
    ({ hosts, urls, names }) => hosts.length + urls.length + names.length > 0,
    'must list parameters below hosts, urls or names',
  );

const environment = z.strictObject({
  from: z.array(source).default([]),
  /** Parameters whose text can only raise the environment. */
  hints: z.array(path).default([]),
  /** Environment of a server that has only one, when no parameter names one. */
  always: word.optional(),
});

const classified = {
  system: word,
  category: word
    .refine((category) => category !== 'uncategorised', 'must not be uncategorised, which means no entry')
    .refine(
      (category) => category !== 'unrecognised',
      'must not be unrecognised: list the exact name below recognised: instead',
    ),
  tools,
  target: target.optional(),
  environment: environment.optional(),
};

const OLD_SERVERS =
  'belongs to a server: move the entry below servers: with an id, and list the exact names that clients give the server as aliases';

const entry = z.strictObject({
  /** Names the entry in messages and listings. */
  name: z.string().min(1),
  /** The former form of a server. */
  servers: z.undefined({ error: OLD_SERVERS }).optional(),
  ...classified,
  /** The parameter that names the MCP server whose resource is read: that server's category then counts. */
  byServer: z.strictObject({ parameter: path, optional: z.boolean().default(false) }).optional(),
});

const server = z.strictObject({
  id: serverName,
  /** Further names by which clients call the server, exactly; - and _ stand for each other. */
  aliases: z.array(serverName).default([]),
  /** Hosts of the system itself: what is fetched there by any tool or command counts as this category. */
  hosts: z.array(host).default([]),
  ...classified,
});

/** The file `policies/catalog.yaml`. */
export const catalogSchema = z.strictObject({
  organisation: z
    .strictObject({
      /** Domains whose hosts the organisation names itself. */
      domains: z.array(host).default([]),
      /** Ports of this machine on which services of a developer listen; any other port may be a tunnel. */
      localPorts: z.array(z.int().min(1).max(65_535)).default([]),
    })
    .default({ domains: [], localPorts: [] }),
  /** From the most to the least restrictive. */
  environments: z
    .array(
      z.strictObject({
        name: word,
        patterns: z.array(regex).min(1, `must list ${REGEX_FORM}`),
        hosts: z.array(host).default([]),
      }),
    )
    .min(1),
  /** Servers that the organisation lists. A tool of any other server is uncategorised. */
  servers: z.array(server).default([]),
  /** Tools that agents bring themselves. */
  entries: z.array(entry).min(1),
  /** What commands do, by the program that they run. */
  programs: programsSchema.default([]),
  /** Kinds of content and tools of a provider's format that Iris does not list, and that are harmless. */
  recognised: z
    .array(
      z
        .string()
        .regex(/^unrecognised:[a-z-]+:[\w.~-]+$/, 'must be unrecognised:<format>:<type>, as a denial states it'),
    )
    .default([]),
});

export type CatalogDocument = z.infer<typeof catalogSchema>;
/** Tools of an agent as written. */
export type AgentEntryDocument = z.infer<typeof entry>;
/** A server as written. */
export type ServerDocument = z.infer<typeof server>;
/** What an agent's entry and a server have in common. */
export type ClassifiedDocument = Pick<ServerDocument, 'system' | 'category' | 'tools' | 'target' | 'environment'>;
