import { readFileSync } from 'node:fs';
import { ConfigError, readYamlFile } from '@iris/config';
import { z } from 'zod';

const value = z.union([
  z.strictObject({ value: z.string() }),
  z.strictObject({ env: z.string().min(1), prefix: z.string().default('') }),
  z.strictObject({ file: z.string().min(1), prefix: z.string().default('') }),
]);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name')
  .refine((name) => !RESERVED.test(name), 'is a header that the gateway sets itself');

/** Headers of the transport and of the protocol. */
const RESERVED =
  /^(host|connection|content-(length|type)|transfer-encoding|accept|upgrade|te|trailer|mcp-.*|last-event-id)$/i;

const id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/,
    'must be the id of a server of the tool catalog: letters, digits, - and .',
  );

const httpServer = z.strictObject({
  id,
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(headerName, value).default({}),
  /** Longest wait for the head of a response, in s. */
  timeoutSeconds: z.int().min(1).max(3600).default(60),
  /** Calls at a time; further ones wait. */
  maxConnections: z.int().min(1).max(10_000).default(256),
});

const stdioServer = z.strictObject({
  id,
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'), value).default({}),
  cwd: z.string().optional(),
  /** Processes at a time: each session has one of its own. */
  maxProcesses: z.int().min(1).max(1000).default(32),
});

const FORM = 'a server has an id and either url or command';

const upstreamFile = z.strictObject({
  servers: z.array(z.union([httpServer, stdioServer], { error: FORM })).min(1, 'must list at least one server'),
});

export type SecretValue = z.infer<typeof value>;
export type HttpServer = z.infer<typeof httpServer>;
export type StdioServer = z.infer<typeof stdioServer>;
export type UpstreamServer = HttpServer | StdioServer;

/**
 * Reads the file that lists the MCP servers.
 *
 * @throws ConfigError in one line naming the file, the server and what is wrong, never a value
 */
export function readUpstreamFile(path: string): readonly UpstreamServer[] {
  const content = readYamlFile(path);
  const listed = z.looseObject({ servers: z.array(z.looseObject({})) }).safeParse(content);
  // A union names only itself; the branch that the server means names its fields.
  for (const [index, server] of (listed.data?.servers ?? []).entries()) {
    const branch = 'command' in server ? stdioServer : 'url' in server ? httpServer : undefined;
    const parsed = branch?.safeParse(server);
    if (parsed?.success === false) throw problem(path, ['servers', index], parsed.error);
  }
  const parsed = upstreamFile.safeParse(content);
  if (!parsed.success) throw problem(path, [], parsed.error);
  const { servers } = parsed.data;
  const folded = servers.map((server) => server.id.toLowerCase());
  const twice = folded.find((each, index) => folded.indexOf(each) !== index);
  if (twice !== undefined) throw new ConfigError(`configuration: ${path}: two servers have the id ${twice}`);
  return servers;
}

function problem(path: string, prefix: readonly PropertyKey[], { issues: [issue] }: z.ZodError): ConfigError {
  const where = [...prefix, ...(issue?.path ?? [])].map(String).join('.') || 'the file';
  // A refused key of a record has its reason one level below.
  const reason = issue?.code === 'invalid_key' ? issue.issues[0] : issue;
  return new ConfigError(`configuration: ${path}: ${where}: ${reason?.message ?? 'cannot be used'}`);
}

/**
 * The values of headers or variables. Files are read each time, so that a rotated credential is used at once.
 *
 * @throws ConfigError naming the key whose value is missing, never the value
 */
export function resolveValues(
  values: Readonly<Record<string, SecretValue>>,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, source]) => [key, resolve(key, source, environment)]));
}

function resolve(key: string, source: SecretValue, environment: NodeJS.ProcessEnv): string {
  if ('value' in source) return source.value;
  if ('env' in source) {
    const found = environment[source.env];
    if (!found) throw new ConfigError(`configuration: ${key}: the variable ${source.env} is not set`);
    return source.prefix + found;
  }
  try {
    return source.prefix + readFileSync(source.file, 'utf8').trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ConfigError(`configuration: ${key}: ${source.file} cannot be read (${code})`);
  }
}
