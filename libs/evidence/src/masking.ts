import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '@iris/contracts';

/** Keys whose values are never kept, in any spelling: `apiKey`, `api_key`, `API-KEY`. */
const SECRET_KEY =
  /(pass(word|wd|phrase)?|secret|token|api[-_]?key|authorization|credential|private[-_]?key|session|cookie|connection[-_]?string|dsn|ssn|salary|compensation)/i;

/** Texts that look like a secret or a number of a person, wherever they stand. */
const SECRET_TEXTS: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g },
  { name: 'jwt', pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g },
  { name: 'bearer', pattern: /\b(?:bearer|basic|splunk) +[\w.~+/=-]{8,}/gi },
  { name: 'token', pattern: /\b(?:sk|pk|rk|ghp|gho|ghs|ghr|github_pat|glpat|xox[abposr]|tskey|pdus|hf|npm)[-_][\w-]{10,}/g },
  { name: 'aws key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: 'url credentials', pattern: /(?<=:\/\/)[^\s/:@]+:[^\s/@]+(?=@)/g },
  { name: 'card', pattern: /\b(?:\d[ -]?){13,19}\b/g },
  { name: 'national id', pattern: /\b\d{3}-\d{2}-\d{4}\b/g },
];

/** Longer texts are replaced by their length and hash, in characters. */
const MAX_TEXT = 2048;
const MAX_DEPTH = 20;

/** Masks parameters for keeping. The shape stays, so that a reader sees which parameters there were. */
export function maskParameters(params: JsonObject): JsonObject {
  return maskObject(params, 0);
}

function maskObject(object: JsonObject, depth: number): JsonObject {
  const masked: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    masked[maskText(key)] = SECRET_KEY.test(key) && value !== null ? '[masked: key]' : maskValue(value, depth + 1);
  }
  return masked;
}

function maskValue(value: Json, depth: number): Json {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'number') return maskText(String(value)) === String(value) ? value : '[masked: number]';
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[masked: depth]';
  return Array.isArray(value) ? value.map((element) => maskValue(element, depth + 1)) : maskObject(value, depth);
}

function maskText(text: string): string {
  if (text.length > MAX_TEXT) {
    const hash = createHash('sha256').update(text).digest('hex');
    return `[masked: ${text.length} characters, sha256 ${hash}]`;
  }
  return SECRET_TEXTS.reduce((masked, { name, pattern }) => masked.replace(pattern, `[masked: ${name}]`), text);
}
