import type { Subject } from '@iris/contracts';
import { type BulkItem, sameAddress, subjectOfAddress } from '@iris/enricher-kit';
import { isLive, type OktaMapping, type OktaUser } from './okta.mapper.js';

type Item = Omit<BulkItem, 'subject'>;

/** The subject of a user's e-mail address, where it differs from the login. */
export function emailSubject({ profile }: OktaUser): Subject | undefined {
  if (profile.email === undefined || sameAddress(profile.email, profile.login)) return undefined;
  return subjectOfAddress(profile.email);
}

/** The user of an e-mail address: the one live user, else the one that changed last. Several live ones are ambiguous. */
export function userOfAddress<T extends OktaUser>(
  users: readonly T[],
  mapping: OktaMapping,
): T | 'ambiguous' | undefined {
  const live = users.filter((user) => isLive(user, mapping));
  if (live.length > 1) return 'ambiguous';
  const byChange = (one: T, other: T) =>
    (other.lastUpdated ?? '').localeCompare(one.lastUpdated ?? '') || one.id.localeCompare(other.id);
  return live[0] ?? [...users].sort(byChange)[0];
}

/** Gathers whom e-mail addresses lead to that are nobody's login. */
export class OktaAddresses {
  private readonly logins = new Set<string>();
  private readonly byEmail = new Map<string, { readonly subject: Subject; readonly users: (OktaUser & Item)[] }>();

  constructor(private readonly mapping: OktaMapping) {}

  add(user: OktaUser, item: Item): void {
    const login = subjectOfAddress(user.profile.login);
    if (login !== undefined) this.logins.add(login.principal);
    const subject = emailSubject(user);
    if (subject === undefined) return;
    const entry = this.byEmail.get(subject.principal) ?? { subject, users: [] };
    entry.users.push({ ...user, ...item });
    this.byEmail.set(subject.principal, entry);
  }

  *items(): Generator<BulkItem> {
    for (const { subject, users } of this.byEmail.values()) {
      if (this.logins.has(subject.principal)) continue;
      const user = userOfAddress(users, this.mapping);
      if (user === 'ambiguous') {
        yield { subject, result: { status: 'NOT_FOUND', reason: 'subject_ambiguous' } };
      } else if (user !== undefined) yield { subject, result: user.result, partial: user.partial };
    }
  }
}
