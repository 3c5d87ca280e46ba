import { ConfigError, setting } from '@iris/config';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { HookKey, HookRoute } from './hook-keys.js';

const ROUTES = ['aperture', 'agent'] as const satisfies readonly HookRoute[];

const FORM = `keys: { <name>: { key: <at least ${setting.MIN_KEY_LENGTH} characters>, routes: [${ROUTES.join(' | ')}], login: <login name, only for agent> } }`;

const entrySchema = z
  .strictObject({
    key: z.string().trim().min(setting.MIN_KEY_LENGTH),
    routes: z.array(z.enum(ROUTES)).min(1),
    login: z.string().trim().min(1).optional(),
  })
  .refine(({ routes, login }) => login === undefined || !routes.includes('aperture'), {
    message: 'a key with the route aperture may name anybody, so it has no login',
    path: ['login'],
  });

const fileSchema = z.strictObject({ keys: z.record(z.string().min(1), z.unknown()) });

/**
 * Reads the keys of a file, YAML or JSON.
 *
 * @throws ConfigError naming the file and the entry by its position; never a name or a value, which may be a key that
 *   is in the wrong place
 */
export function parseHookKeyFile(path: string, text: string): HookKey[] {
  const fail = (problem: string): never => {
    throw new ConfigError(`configuration: hook.keysFile ${path}: ${problem}; accepted: ${FORM}`);
  };
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) return fail(`is not valid YAML (${error.code})`);
  const file = fileSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!file.success) return fail('must have one section, keys');
  return Object.entries(file.data.keys).map(([name, value], index) => {
    const entry = entrySchema.safeParse(value);
    if (!entry.success) {
      const issue = entry.error.issues[0];
      const where = ['keys', `[${index}]`, ...(issue?.path ?? [])].join('.').replace('.[', '[');
      return fail(`${where}: ${issue?.code === 'unrecognized_keys' ? 'has an unknown field' : issue?.message}`);
    }
    const { key, routes, login } = entry.data;
    return { name, key, routes: new Set(routes), ...(login === undefined ? {} : { login }) };
  });
}
