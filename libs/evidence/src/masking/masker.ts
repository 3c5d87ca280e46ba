import { createHmac, randomBytes } from 'node:crypto';
import type { Json, JsonObject } from '@iris/contracts';
import { TextMask } from './mask-text.js';
import { countsThings, isSecretKey } from './secret-keys.js';

/** Rules beside the built-in ones. */
export interface MaskingRules {
  /** Key of the hashes that stand for what is not kept; without one, a key that lives as long as the process. */
  readonly hashKey?: string;
  /** Regular expressions for keys whose values are masked; case does not matter. */
  readonly keys?: readonly string[];
  /** Regular expressions for secret texts, by the name that is put in their place. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** Largest masked parameters of one call, in bytes of JSON. */
  readonly maxBytes?: number;
}

/** Masked parameters. */
export interface Masked {
  readonly value: JsonObject;
  /** Whether anything was masked. */
  readonly changed: boolean;
}

/** Longer texts are replaced by their length and hash, in characters. */
const MAX_TEXT = 2048;
/** Ids of providers, agents and Aperture are shorter, in characters. */
const MAX_ID = 256;
const MAX_DEPTH = 20;
const DEFAULT_MAX_BYTES = 64 * 1024;
/** More values than these are not looked at one by one. */
const MAX_VALUES = 20_000;

/** In JSON: a number with its punctuation, and an escaped character. */
const MOST_BYTES_OF_VALUE = 32;
const MOST_BYTES_OF_CHARACTER = 6;

const KEY_MARK = '[masked: key]';
/** `{"name": "DB_PASSWORD", "value": …}`: what the name states about the value beside it. */
const NAME_KEYS = ['name', 'key', 'header', 'field', 'param', 'variable'];
const VALUE_KEYS: ReadonlySet<string> = new Set(['value', 'values', 'val', 'default', 'content']);

/**
 * Masks secrets and personal numbers in a copy. The shape stays (which keys there are, how long lists are), so that a
 * reader sees which parameters there were; only what is too large is replaced whole, by its size and hash.
 */
export class Masker {
  private readonly keys: readonly RegExp[];
  private readonly texts: TextMask;
  private readonly hashKey: string | Buffer;
  private readonly maxBytes: number;

  /** @throws Error in one line when a rule is no regular expression */
  constructor(rules: MaskingRules = {}) {
    this.keys = (rules.keys ?? []).map((source) => compile(source, 'i'));
    const own = Object.entries(rules.patterns ?? {}).map(([name, source]) => ({ name, pattern: compile(source, 'g') }));
    this.texts = new TextMask(own);
    this.hashKey = rules.hashKey ?? randomBytes(32);
    this.maxBytes = rules.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** Parameters of a tool call: masked by the names of their keys and by what their texts look like. */
  parameters(params: JsonObject): Masked {
    return this.run(params, true);
  }

  /** Attributes that Iris itself names: masked by what their texts look like alone. */
  attributes(attr: JsonObject): Masked {
    return this.run(attr, false);
  }

  /** A single text, masked by what it looks like. */
  text(text: string): string {
    return text.length > MAX_TEXT ? sizeMark(text.length, 'characters', this.hash(text)) : this.texts.mask(text);
  }

  /** An id that somebody else chose: masked by what it looks like, and a long one replaced by its size and hash. */
  id(id: string): string {
    return id.length > MAX_ID ? sizeMark(id.length, 'characters', this.hash(id)) : this.texts.mask(id);
  }

  /** HMAC-SHA256 in hexadecimal digits. Keyed, since a plain hash of a short secret can be guessed. */
  hash(value: Json): string {
    return createHmac('sha256', this.hashKey)
      .update(typeof value === 'string' ? value : JSON.stringify(value))
      .digest('hex');
  }

  private run(object: JsonObject, byKey: boolean): Masked {
    const left = { values: MAX_VALUES, characters: this.maxBytes, seen: 0 };
    const pass = new MaskingRun(this.keys, this.texts, byKey, (text) => this.hash(text), left);
    const value = pass.object(object, 0, false);
    const small = left.values >= 0 && left.characters >= 0;
    // Printing is needed only where it may be too large.
    const mostBytes = MOST_BYTES_OF_VALUE * (MAX_VALUES - left.values) + MOST_BYTES_OF_CHARACTER * left.seen;
    const surelySmall = !pass.changed && mostBytes <= this.maxBytes;
    if (small && (surelySmall || Buffer.byteLength(JSON.stringify(value)) <= this.maxBytes)) {
      return { value, changed: pass.changed };
    }
    const text = JSON.stringify(object);
    return { value: { '[masked]': sizeMark(Buffer.byteLength(text), 'bytes', this.hash(text)) }, changed: true };
  }
}

/** What may still be looked at; below 0 masking ends early, and its result is not used. */
interface Allowance {
  values: number;
  characters: number;
  /** Characters of keys and texts so far. */
  seen: number;
}

class MaskingRun {
  changed = false;

  constructor(
    private readonly keys: readonly RegExp[],
    private readonly texts: TextMask,
    private readonly byKey: boolean,
    private readonly hash: (text: string) => string,
    private readonly left: Allowance,
  ) {}

  /** @param secret whether everything in it is masked, because of a key above */
  object(object: JsonObject, depth: number, secret: boolean): JsonObject {
    const named = this.byKey && NAME_KEYS.some((key) => this.namesSecret(object[key]));
    const result: JsonObject = {};
    const repeats = new Map<string, number>();
    for (const key of Object.keys(object)) {
      if (this.left.values < 0) break;
      const value = object[key] as Json;
      this.left.seen += key.length;
      const hidden = secret || (named && VALUE_KEYS.has(key.toLowerCase())) || this.hides(key, value);
      put(result, this.key(key, result, repeats), this.value(value, depth + 1, hidden));
    }
    return result;
  }

  private value(value: Json, depth: number, secret: boolean): Json {
    this.left.values -= 1;
    if (this.left.values < 0 || this.left.characters < 0) return null;
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.mark(value, secret && value !== '' ? KEY_MARK : this.text(value, depth));
    if (typeof value === 'number') return this.mark(value, secret ? KEY_MARK : this.number(value));
    if (depth >= MAX_DEPTH) return this.mark(value, '[masked: depth]');
    if (!Array.isArray(value)) return this.object(value, depth, secret);
    return value.map((element, index) =>
      this.value(element, depth + 1, secret || this.followsSecretFlag(value[index - 1])),
    );
  }

  private mark<T extends Json>(before: T, after: Json): Json {
    if (before !== after) this.changed = true;
    return after;
  }

  private number(value: number): Json {
    const text = String(value);
    const masked = this.texts.mask(text);
    return masked === text ? value : masked;
  }

  private text(text: string, depth: number): string {
    if (text.length > MAX_TEXT) return sizeMark(text.length, 'characters', this.hash(text));
    this.left.characters -= text.length;
    this.left.seen += text.length;
    return this.nested(text, depth) ?? this.texts.mask(text);
  }

  /** JSON inside a text is masked as what it is; it is printed again only when something in it was masked. */
  private nested(text: string, depth: number): string | undefined {
    if (!/^\s*[[{]/.test(text)) return undefined;
    let parsed: Json;
    try {
      parsed = JSON.parse(text);
    } catch {
      return undefined;
    }
    const inner = new MaskingRun(this.keys, this.texts, this.byKey, this.hash, this.left);
    const masked = inner.value(parsed, depth + 1, false);
    const printed = inner.changed ? JSON.stringify(masked) : text;
    // Repeated keys are lost by parsing, so the text itself may hold more than the parsed value shows.
    return this.texts.mask(printed);
  }

  /** @param repeats how often each masked key came; without it, many keys with one mark would be compared in pairs */
  private key(key: string, taken: JsonObject, repeats: Map<string, number>): string {
    const masked = key.length > MAX_TEXT ? sizeMark(key.length, 'characters', this.hash(key)) : this.texts.mask(key);
    if (masked !== key) this.changed = true;
    if (!Object.hasOwn(taken, masked)) return masked;
    let number = repeats.get(masked) ?? 1;
    let numbered: string;
    do {
      number += 1;
      numbered = `${masked} (${number})`;
    } while (Object.hasOwn(taken, numbered));
    repeats.set(masked, number);
    return numbered;
  }

  private hides(key: string, value: Json): boolean {
    if (!this.byKey || !isSecretKey(key, this.keys)) return false;
    return !(isCount(value) && countsThings(key));
  }

  private namesSecret(value: Json | undefined): boolean {
    return typeof value === 'string' && isSecretKey(value, this.keys);
  }

  /** In `["--password", "…"]` the second is the secret. */
  private followsSecretFlag(before: Json | undefined): boolean {
    return this.byKey && typeof before === 'string' && /^--?[\w-]+$/.test(before) && isSecretKey(before, this.keys);
  }
}

/** Setting `__proto__` on an object would change its prototype instead. */
function put(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

function isCount(value: Json): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\d{1,7}$/.test(value));
}

function sizeMark(size: number, unit: string, hash: string): string {
  return `[masked: ${size} ${unit}, hmac-sha256 ${hash}]`;
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    throw new Error(`masking: ${JSON.stringify(source)} is no regular expression`);
  }
}
