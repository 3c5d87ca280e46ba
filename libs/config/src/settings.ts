import { z } from 'zod';
import { isNetwork } from './network-list.js';
import { parseRedisUrl, REDIS_URL_FORM } from './redis-url.js';

/** One setting: its form, and for a reader what it means. */
export interface Setting<T = unknown> {
  /** Accepts what a file or the environment gives; texts from the environment are coerced by `setting`'s kinds. */
  readonly schema: z.ZodType<T>;
  readonly meaning: string;
  /** Never printed, neither in errors nor in the reference. */
  readonly secret: boolean;
  /** The accepted form, for the one line of an error. */
  readonly form: string;
  readonly fallback?: unknown;
}

/** Settings by key, for example `redis.url`. The environment variable is `IRIS_` and the key in capitals. */
export type SettingsSchema = Readonly<Record<string, Setting>>;

/** The typed values of a schema. */
export type SettingsValues<S extends SettingsSchema> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

interface Options<T> {
  /** Used when neither the environment nor the file has the key. Without one the key is required. */
  readonly fallback?: T;
  readonly secret?: boolean;
}

function make<T>(schema: z.ZodType<T>, form: string, meaning: string, options: Options<T>): Setting<T> {
  return { schema, form, meaning, secret: options.secret ?? false, fallback: options.fallback };
}

const trimmed = z.string().trim();

/** A text that is not empty. */
export function text(meaning: string, options: Options<string> = {}): Setting<string> {
  return make(trimmed.min(1), 'a text that is not empty', meaning, options);
}

/** A text that may be missing. */
export function optionalText(meaning: string, options: { secret?: boolean } = {}): Setting<string | undefined> {
  const schema = trimmed.optional().transform((value) => value || undefined);
  return make<string | undefined>(schema, 'a text', meaning, options);
}

/** A credential: required, and never printed. */
export function secret(meaning: string): Setting<string> {
  return make(trimmed.min(1), 'a text that is not empty', meaning, { secret: true });
}

/** A whole number in a range; the unit belongs into the key's name. */
export function integer(
  meaning: string,
  range: { min: number; max: number },
  options: Options<number> = {},
): Setting<number> {
  const schema = z.preprocess(numberFromText, z.int().min(range.min).max(range.max));
  return make(schema, `a whole number from ${range.min} to ${range.max}`, meaning, options);
}

/** true or false. */
export function boolean(meaning: string, options: Options<boolean> = {}): Setting<boolean> {
  const schema = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());
  return make(schema, 'true or false', meaning, options);
}

/** One of a closed list. */
export function choice<const T extends string>(
  meaning: string,
  values: readonly [T, ...T[]],
  options: Options<T> = {},
): Setting<T> {
  return make<T>(z.enum(values) as unknown as z.ZodType<T>, `one of ${values.join(', ')}`, meaning, options);
}

/** An http or https URL. */
export function url(meaning: string, options: Options<string> = {}): Setting<string> {
  const schema = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''));
  return make(schema, 'an http:// or https:// URL', meaning, options);
}

const redisUrlText = trimmed.refine(isRedisUrl);

/** The URL of a Redis; never printed, since it may hold a password. `parseRedisUrl` reads it. */
export function redisUrl(meaning: string): Setting<string> {
  return make(redisUrlText, REDIS_URL_FORM, meaning, { secret: true });
}

/** The URL of a Redis that may be missing. */
export function optionalRedisUrl(meaning: string): Setting<string | undefined> {
  return make<string | undefined>(redisUrlText.optional(), REDIS_URL_FORM, meaning, { secret: true });
}

function isRedisUrl(value: string): boolean {
  try {
    parseRedisUrl(value);
    return true;
  } catch {
    return false;
  }
}

/** A list of addresses and networks; in the environment separated by commas. */
export function networks(meaning: string, options: Options<readonly string[]> = {}): Setting<readonly string[]> {
  const { schema } = list(meaning);
  const every = schema.refine((texts) => texts.every(isNetwork));
  return make<readonly string[]>(
    every,
    'addresses or networks such as 10.1.0.0/16, separated by commas',
    meaning,
    options,
  );
}

/** A list of texts; in the environment separated by commas. */
export function list(meaning: string, options: Options<readonly string[]> = {}): Setting<readonly string[]> {
  const fromText = (value: unknown) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : value;
  const schema = z.preprocess(fromText, z.array(z.string()).readonly());
  return make<readonly string[]>(schema, 'texts separated by commas', meaning, options);
}

/** A structure; in the environment as JSON. `form` describes it. */
export function structure<T>(
  meaning: string,
  schema: z.ZodType<T>,
  form: string,
  options: Options<T> = {},
): Setting<T> {
  const fromText = (value: unknown) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  };
  return make<T>(z.preprocess(fromText, schema) as unknown as z.ZodType<T>, form, meaning, options);
}

function numberFromText(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value;
}

/** A named key, for example a hook key. */
export interface NamedKey {
  readonly name: string;
  readonly key: string;
}

/** Shortest key that is accepted, in characters. */
export const MIN_KEY_LENGTH = 8;

/** Secret keys by name: in a file a section of names, in the environment `name=key` separated by commas. */
export function keys(meaning: string, options: { fallback?: readonly NamedKey[] } = {}): Setting<readonly NamedKey[]> {
  const fromText = (value: unknown) => {
    if (typeof value === 'string') return value.split(',').map(namedKeyFromText);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return Object.entries(value).map(([name, key]) => ({ name, key }));
    }
    return value;
  };
  const schema = z.array(z.strictObject({ name: z.string().min(1), key: z.string().min(MIN_KEY_LENGTH) }));
  return make(
    z.preprocess(fromText, options.fallback === undefined ? schema.min(1) : schema) as unknown as z.ZodType<
      readonly NamedKey[]
    >,
    `name=key separated by commas, keys of at least ${MIN_KEY_LENGTH} characters`,
    meaning,
    { ...options, secret: true },
  );
}

function namedKeyFromText(item: string): { name: string; key: string } {
  const at = item.indexOf('=');
  return at < 0 ? { name: '', key: '' } : { name: item.slice(0, at).trim(), key: item.slice(at + 1).trim() };
}
