import { createHash } from 'node:crypto';

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UPPER_ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Ids are asked for again and again, and hashing them again is what costs time in a large company. */
const known = new Map<string, string>();

function remembered(key: string, spell: (digest: Buffer) => string): string {
  let id = known.get(key);
  if (id === undefined) {
    id = spell(createHash('sha256').update(key).digest());
    known.set(key, id);
  }
  return id;
}

function inLetters(digest: Buffer, alphabet: string, length: number): string {
  let text = '';
  for (const byte of digest.subarray(0, length)) text += alphabet[byte % alphabet.length];
  return text;
}

/** Okta's form: a prefix of three (`00u` user, `00g` group) and 17 characters. */
export function oktaId(prefix: '00u' | '00g', key: string): string {
  return remembered(`okta:${prefix}:${key}`, (digest) => prefix + inLetters(digest, ALPHANUMERIC, 17));
}

/** ServiceNow's sys_id: 32 hex digits. */
export function sysId(table: string, key: string): string {
  return remembered(`servicenow:${table}:${key}`, (digest) => digest.toString('hex').slice(0, 32));
}

/** PagerDuty's form of newer accounts: P and 13 capitals or digits. */
export function pagerDutyId(kind: string, key: string): string {
  return remembered(`pagerduty:${kind}:${key}`, (digest) => `P${inLetters(digest, UPPER_ALPHANUMERIC, 13)}`);
}

/** Workday's WID: 32 hex digits. */
export function workdayId(kind: string, key: string): string {
  return remembered(`workday:${kind}:${key}`, (digest) => digest.toString('hex').slice(0, 32));
}

/** Tailscale's stable node id. */
export function nodeId(key: string): string {
  return remembered(`tailscale:stable:${key}`, (digest) => `n${inLetters(digest, ALPHANUMERIC, 11)}CNTRL`);
}

/** Tailscale's legacy numeric id of a node or a user. */
export function tailscaleNumber(kind: string, key: string): string {
  return remembered(`tailscale:${kind}:${key}`, (digest) => String(digest.readUIntBE(0, 6)));
}
