import { createHash } from 'node:crypto';

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UPPER_ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function spell(key: string, alphabet: string, length: number): string {
  let text = '';
  for (const byte of digest(key).subarray(0, length)) text += alphabet[byte % alphabet.length];
  return text;
}

/** Okta's form: a prefix of three (`00u` user, `00g` group) and 17 characters. */
export function oktaId(prefix: '00u' | '00g', key: string): string {
  return prefix + spell(`okta:${prefix}:${key}`, ALPHANUMERIC, 17);
}

/** ServiceNow's sys_id: 32 hex digits. */
export function sysId(table: string, key: string): string {
  return digest(`servicenow:${table}:${key}`).toString('hex').slice(0, 32);
}

/** PagerDuty's form of newer accounts: P and 13 capitals or digits. */
export function pagerDutyId(kind: string, key: string): string {
  return `P${spell(`pagerduty:${kind}:${key}`, UPPER_ALPHANUMERIC, 13)}`;
}

/** Workday's WID: 32 hex digits. */
export function workdayId(kind: string, key: string): string {
  return digest(`workday:${kind}:${key}`).toString('hex').slice(0, 32);
}

/** Tailscale's stable node id. */
export function nodeId(key: string): string {
  return `n${spell(`tailscale:node:${key}`, ALPHANUMERIC, 11)}CNTRL`;
}

/** Tailscale's legacy numeric id of a node or a user. */
export function tailscaleNumber(kind: string, key: string): string {
  return String(digest(`tailscale:${kind}:${key}`).readUIntBE(0, 6));
}
