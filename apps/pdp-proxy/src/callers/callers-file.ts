import { ConfigError, isNetwork, setting } from '@iris/config';
import { parseDocument } from 'yaml';
import { z } from 'zod';

const name = z.string().trim().min(1).max(200);

const callerSchema = z
  .strictObject({
    spiffe: z
      .array(z.string().regex(/^spiffe:\/\/[^\s,]+$/, 'a SPIFFE id such as spiffe://example.org/ns/hr'))
      .default([]),
    san: z.array(name.regex(/^[^\s,]+$/, 'a DNS name')).default([]),
    keys: z.array(z.string().trim().min(setting.MIN_KEY_LENGTH)).default([]),
    jwt: z.array(z.strictObject({ issuer: name, subject: name })).default([]),
    addresses: z.array(z.string().refine(isNetwork, 'an address or a network such as 127.0.0.0/8')).default([]),
    kinds: z
      .array(
        z
          .string()
          .min(1)
          .regex(/^[^*]*\*?$/, 'a kind, or its beginning and *'),
      )
      .min(1),
    search: z.boolean().default(false),
  })
  .refine(
    ({ spiffe, san, keys, jwt, addresses }) => [spiffe, san, keys, jwt, addresses].some((list) => list.length > 0),
    {
      message: 'needs one of spiffe, san, keys, jwt, addresses',
    },
  );

const issuerSchema = z
  .strictObject({
    issuer: name,
    audience: name,
    jwksUrl: z.url({ protocol: /^https?$/ }).optional(),
    jwksFile: z.string().trim().min(1).optional(),
  })
  .refine(({ jwksUrl, jwksFile }) => (jwksUrl === undefined) !== (jwksFile === undefined), {
    message: 'needs one of jwksUrl and jwksFile',
  });

const fileSchema = z.strictObject({
  issuers: z.array(issuerSchema).default([]),
  callers: z.record(name, z.unknown()),
});

export type CallerEntry = z.infer<typeof callerSchema> & { readonly name: string };
export type JwtIssuer = z.infer<typeof issuerSchema>;

export interface CallersFile {
  readonly issuers: readonly JwtIssuer[];
  readonly callers: readonly CallerEntry[];
}

/**
 * Reads the callers of a file, YAML or JSON.
 *
 * @throws ConfigError naming the file and the field; never a value, which may be a key
 */
export function parseCallersFile(path: string, text: string): CallersFile {
  const fail = (problem: string): never => {
    throw new ConfigError(`configuration: callers.file ${path}: ${problem}`);
  };
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) return fail(`is not valid YAML (${error.code})`);
  let content: unknown;
  try {
    content = document.toJS();
  } catch {
    return fail('is not valid YAML: an alias cannot be resolved');
  }
  const file = fileSchema.safeParse(content);
  if (!file.success) return fail(problemOf(file.error.issues[0], 'the file'));
  const callers = Object.entries(file.data.callers).map(([callerName, value]) => {
    const entry = callerSchema.safeParse(value);
    if (!entry.success) return fail(problemOf(entry.error.issues[0], `callers.${callerName}`));
    for (const { issuer } of entry.data.jwt) {
      if (file.data.issuers.some((known) => known.issuer === issuer)) continue;
      return fail(`callers.${callerName}.jwt names an issuer that is not in issuers`);
    }
    return { ...entry.data, name: callerName };
  });
  refuseAmbiguous(callers, fail);
  return { issuers: file.data.issuers, callers };
}

function problemOf(issue: z.core.$ZodIssue | undefined, where: string): string {
  const path = [where, ...(issue?.path ?? [])].join('.');
  if (issue?.code === 'unrecognized_keys') return `${path} has the unknown field ${issue.keys.join(', ')}`;
  return `${path}: ${issue?.message ?? 'not valid'}`;
}

/** One credential of two callers leaves open who asks. */
function refuseAmbiguous(callers: readonly CallerEntry[], fail: (problem: string) => never): void {
  const owners = new Map<string, string>();
  for (const { name: owner, spiffe, san, keys, jwt } of callers) {
    const all = [
      ...spiffe.map((id) => `spiffe ${id}`),
      ...san.map((id) => `san ${id.toLowerCase()}`),
      ...keys.map((key) => `key ${key}`),
      ...jwt.map(({ issuer, subject }) => `jwt ${issuer} ${subject}`),
    ];
    for (const credential of all) {
      const other = owners.get(credential);
      if (other !== undefined && other !== owner) fail(`callers ${other} and ${owner} have the same credential`);
      owners.set(credential, owner);
    }
  }
}
