import { configure } from 'safe-stable-stringify';

const stringify = configure({ deterministic: true, bigint: false, circularValue: Error });

/**
 * The one text of a JSON value: no spaces, keys in the order of their UTF-16 code units, numbers and strings as
 * `JSON.stringify` writes them (RFC 8785). Whatever a storage does to spaces and order of keys, the text stays the same.
 *
 * @throws Error for a value that refers to itself
 */
export function canonicalJson(value: object): string {
  return stringify(value) ?? '';
}
