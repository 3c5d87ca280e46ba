import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import type { ChainLink } from './chain-fields.js';

/**
 * Fields of a record that say nothing about a person. Every other field, one that is added later too, is personal: it
 * is covered by a salted hash of its own, so that it can be erased without breaking the chain.
 */
const IMPERSONAL_FIELDS: ReadonlySet<string> = new Set([
  'schema',
  'schemaVersion',
  'id',
  'time',
  'event',
  'entryPoint',
  'phase',
  'action',
  'paramsTruncated',
  'catalogEntry',
  'effect',
  'reason',
  'mode',
  'enforced',
  'reply',
  'wouldHave',
  'breakGlass',
  'revisions',
  'shadowOf',
  'durationsMs',
]);

/** The same for the fields of `policy`. */
const IMPERSONAL_OF_POLICY: ReadonlySet<string> = new Set(['version', 'matched', 'scope', 'rules']);

export interface SplitRecord {
  readonly impersonal: Record<string, unknown>;
  readonly personal: Record<string, unknown>;
}

/** The two parts of a record, without what belongs to the chain. */
export function splitRecord(record: object): SplitRecord {
  const impersonal: Record<string, unknown> = {};
  const personal: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (name === 'chain' || name === 'erased') continue;
    if (name === 'policy' && isObject(value)) {
      impersonal.policy = fieldsOf(value, (field) => IMPERSONAL_OF_POLICY.has(field));
      personal.policy = fieldsOf(value, (field) => !IMPERSONAL_OF_POLICY.has(field));
    } else {
      (IMPERSONAL_FIELDS.has(name) ? impersonal : personal)[name] = value;
    }
  }
  return { impersonal, personal };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(value: object, isWanted: (field: string) => boolean): object {
  return Object.fromEntries(Object.entries(value).filter(([field]) => isWanted(field)));
}

/** @param salt 32 hexadecimal digits @param personal canonical JSON of the personal fields */
export function personalHash(salt: string, personal: string): string {
  return hash('sha256', `${salt}${personal}`, 'hex');
}

/** The hash of a link. */
export function linkHash(
  impersonal: object,
  { salt: _, hash: __, ...link }: Omit<ChainLink, 'hash'> & { hash?: string },
): string {
  return hash('sha256', canonicalJson({ ...impersonal, chain: link }), 'hex');
}
