import { canonicalPrincipal } from '@iris/context-cache';
import type { Subject } from '@iris/contracts';
import type { LookupResult } from './enricher-definition.js';

/** RFC 5321 section 4.5.3.1: 64 octets of local part, `@`, 255 octets of domain. */
const MAX_LENGTH = 320;
/** What every tagged node reports instead of a login. */
const TAGGED_DEVICES = 'tagged-devices';

/** A login name that may be looked up, or the result with the reason. */
export type LoginKey = { readonly key: string } | { readonly refused: Extract<LookupResult, { status: 'NOT_FOUND' }> };

/**
 * The login name of a subject as the key of a lookup by e-mail address. Vendors answer names such as `.`, `..`, `me`
 * and the empty one with someone else's record or a whole list, so nothing but an address of a mailbox passes.
 *
 * @returns the name unchanged, or `subject_not_a_person` for a device, `subject_not_mapped` for a login of an identity
 *   provider that is no address (`user@github`, `user@passkey`), `subject_invalid` for everything else
 */
export function loginKey(subject: Subject): LoginKey {
  const { loginName } = subject;
  if (loginName === undefined || loginName === TAGGED_DEVICES) return refused('subject_not_a_person');
  const at = loginName.lastIndexOf('@');
  const domain = loginName.slice(at + 1);
  // \p{C}: control, format (zero width, bidirectional), surrogate and unassigned characters.
  const unsafe = /[\s\p{C}"<>\\]/u.test(loginName) || loginName.length > MAX_LENGTH;
  if (unsafe || at < 1 || loginName.indexOf('@') !== at || domain === '') return refused('subject_invalid');
  if (!domain.includes('.')) return refused('subject_not_mapped');
  if (domain.split('.').includes('')) return refused('subject_invalid');
  return { key: loginName };
}

function refused(reason: Extract<LookupResult, { status: 'NOT_FOUND' }>['reason']): LoginKey {
  return { refused: { status: 'NOT_FOUND', reason } };
}

/**
 * Whether two addresses are the same but for the case of ASCII letters. Other letters are compared exactly: Unicode
 * folds the Kelvin sign to `k`, and the dotless i is upper-cased to `I`, so a look-alike would match another person.
 */
export function sameAddress(one: string, other: string): boolean {
  return canonicalPrincipal(one) === canonicalPrincipal(other);
}

/**
 * The subject that a vendor's record of this address is about, for bulk reads: the login in lower case, as identity
 * providers give it. Undefined for an address that is never looked up.
 */
export function subjectOfAddress(address: string): Subject | undefined {
  const loginName = canonicalPrincipal(address);
  const login = loginKey({ principal: loginName, loginName });
  return 'refused' in login ? undefined : { principal: loginName, loginName };
}
