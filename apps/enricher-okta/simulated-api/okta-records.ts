import { type Company, type OktaAccount, oktaId, type Person } from '@iris/simulation';

export type OktaPerson = Person & { readonly okta: OktaAccount };

export interface OktaGroup {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Ms. */
  readonly membershipChangedAt: number;
}

/** What Okta finds people and groups by. */
interface OktaDirectory {
  readonly people: readonly OktaPerson[];
  readonly byId: ReadonlyMap<string, number>;
  readonly byLogin: ReadonlyMap<string, number>;
  readonly byEmail: ReadonlyMap<string, readonly number[]>;
  readonly groups: ReadonlyMap<string, OktaGroup>;
  readonly members: ReadonlyMap<string, readonly OktaPerson[]>;
}

export function directoryOf(company: Company): OktaDirectory {
  return company.derived('okta', () => {
    const people = company.people.filter((person): person is OktaPerson => person.okta !== undefined);
    const byEmail = new Map<string, number[]>();
    const groups = new Map<string, OktaGroup>();
    const members = new Map<string, OktaPerson[]>();
    people.forEach((person, index) => {
      const email = person.email.toLowerCase();
      byEmail.set(email, [...(byEmail.get(email) ?? []), index]);
      for (const key of person.okta.groups) {
        const group = groups.get(key) ?? newGroup(company, key);
        groups.set(key, group);
        const list = members.get(group.id) ?? [];
        list.push(person);
        members.set(group.id, list);
      }
    });
    return {
      people,
      byId: new Map(people.map((person, index) => [userId(person), index])),
      byLogin: new Map(people.map((person, index) => [person.login, index])),
      byEmail,
      groups,
      members,
    };
  });
}

/** The id is drawn from the login the person came with. */
export function userId(person: Person): string {
  return oktaId('00u', person.login);
}

const GROUPS_MADE_AT = Date.parse('2019-01-07T09:00:00Z');

function newGroup(company: Company, key: string): OktaGroup {
  const colon = key.indexOf(':');
  return {
    key,
    id: oktaId('00g', key),
    type: key.slice(0, colon),
    name: key.slice(colon + 1),
    membershipChangedAt: company.membershipChangedAt.get(key) ?? GROUPS_MADE_AT,
  };
}

/** A user as the Users API returns it. */
export function userRecord(person: OktaPerson, baseUrl: string): Record<string, unknown> {
  const id = userId(person);
  const { okta } = person;
  const created = new Date(person.createdAt).toISOString();
  const manager = person.hr?.managerLogin;
  return {
    id,
    status: okta.status,
    created,
    activated: okta.status === 'STAGED' ? null : created,
    statusChanged: new Date(okta.statusChangedAt).toISOString(),
    lastLogin: okta.status === 'STAGED' ? null : created,
    lastUpdated: new Date(okta.lastUpdatedAt).toISOString(),
    passwordChanged: created,
    transitioningToStatus: null,
    type: { id: oktaId('00u', 'default-user-type').replace('00u', 'oty') },
    profile: {
      login: person.login,
      email: person.email,
      firstName: person.firstName,
      lastName: person.lastName,
      displayName: `${person.firstName} ${person.lastName}`,
      ...(manager !== undefined && { manager: manager.split('@')[0], managerId: manager }),
      ...okta.profile,
    },
    credentials: { provider: { type: 'OKTA', name: 'OKTA' } },
    _links: { self: { href: `${baseUrl}/api/v1/users/${id}` } },
  };
}

/** A group as the Groups API returns it. */
export function groupRecord(group: OktaGroup, baseUrl: string): Record<string, unknown> {
  const created = new Date(GROUPS_MADE_AT).toISOString();
  return {
    id: group.id,
    created,
    lastUpdated: created,
    lastMembershipUpdated: new Date(group.membershipChangedAt).toISOString(),
    objectClass: [group.type === 'APP_GROUP' ? 'okta:windows_security_principal' : 'okta:user_group'],
    type: group.type,
    profile: { name: group.name, description: null },
    _links: { users: { href: `${baseUrl}/api/v1/groups/${group.id}/users` } },
  };
}
