import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { SettingsSchema, SettingsValues } from './settings.js';

/** Names a key whose value cannot be used. Its message is the one line that the start prints. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The file that holds settings, beside the environment. */
const CONFIG_FILE_VARIABLE = 'IRIS_CONFIG_FILE';

/** `redis.url` is in the environment as `IRIS_REDIS_URL`, `hook.budgetMs` as `IRIS_HOOK_BUDGET_MS`. */
export function environmentName(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[.-]/g, '_');
  return `IRIS_${words.toUpperCase()}`;
}

/**
 * Reads the settings of one app: the environment wins over the file, the file over the fallback.
 *
 * @param environment normally `process.env`
 * @throws ConfigError naming every key whose value is missing or wrong, the value unless it is secret, and the form
 *   that is accepted; also for a key in the file that no setting has
 */
export function loadSettings<S extends SettingsSchema>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): SettingsValues<S> {
  const file = readFile(environment[CONFIG_FILE_VARIABLE]);
  const problems: string[] = [];
  const values: Record<string, unknown> = {};

  for (const key of file.keys()) {
    if (!(key in schema)) problems.push(`${key}: no such setting (in ${environment[CONFIG_FILE_VARIABLE]})`);
  }
  for (const [key, setting] of Object.entries(schema)) {
    const variable = environmentName(key);
    const given = environment[variable];
    const raw = given !== undefined && given !== '' ? given : (file.get(key) ?? setting.fallback);
    const parsed = setting.schema.safeParse(raw);
    if (parsed.success) {
      values[key] = parsed.data;
    } else {
      const shown =
        raw === undefined ? 'is missing' : setting.secret ? 'has a value that cannot be used' : `is ${show(raw)}`;
      problems.push(`${key} (${variable}) ${shown}; accepted: ${setting.form}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(`configuration: ${problems.join(' | ')}`);
  return values as SettingsValues<S>;
}

function show(raw: unknown): string {
  const printed = JSON.stringify(raw);
  return printed.length > 80 ? `${printed.slice(0, 80)}…` : printed;
}

/** Flattens the file's nested keys down to those that the schemas use; a list or a structure is a value. */
function readFile(path: string | undefined): Map<string, unknown> {
  const values = new Map<string, unknown>();
  if (path === undefined || path === '') return values;
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`configuration: ${CONFIG_FILE_VARIABLE} names ${path}, which cannot be read: ${error}`);
  }
  if (content === null || content === undefined) return values;
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`configuration: ${path} must hold sections of settings`);
  }
  for (const [section, settings] of Object.entries(content)) {
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) {
      for (const [name, value] of Object.entries(settings)) values.set(`${section}.${name}`, value);
    } else {
      values.set(section, settings);
    }
  }
  return values;
}
