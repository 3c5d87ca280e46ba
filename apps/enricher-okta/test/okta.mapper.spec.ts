import { readFileSync } from 'node:fs';
import { faultsOfAttributes } from '@iris/enricher-kit/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  hasAddress,
  isLive,
  type OktaMapping,
  type OktaUser,
  readGroup,
  readUser,
  userAttributes,
} from '../src/okta.mapper.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));

const mapping: OktaMapping = {
  liveStatuses: ['ACTIVE'],
  groupTypes: ['OKTA_GROUP', 'APP_GROUP'],
  managerField: 'manager',
};

function user(changes: object = {}): OktaUser {
  const read = readUser({ ...fixture('user'), ...changes });
  if (read === undefined) throw new Error('the fixture is no user');
  return read;
}

const groups = fixture('groups').map(readGroup);

describe('userAttributes', () => {
  it('maps the profile, and the groups of the counted types once and sorted', () => {
    expect(userAttributes(user(), groups, mapping)).toEqual({
      id: '00u1a2b3c4D5e6F7g8h9',
      status: 'ACTIVE',
      live: true,
      login: 'maya.okafor@acme.example',
      email: 'maya.okafor@acme.example',
      displayName: 'Maya Okafor',
      department: 'Platform Engineering',
      costCenter: 'CC-4100',
      title: 'Site Reliability Engineer',
      manager: 'Jonas Lindqvist',
      employeeType: 'Employee',
      employeeNumber: '100417',
      groups: ['crm-readers', 'engineering', 'sre'],
    });
  });

  it('takes the manager from the configured field', () => {
    const attributes = userAttributes(user(), [], { ...mapping, managerField: 'managerId' });
    expect(attributes.manager).toBe('jonas.lindqvist@acme.example');
  });

  it('counts only the configured types of group', () => {
    expect(userAttributes(user(), groups, { ...mapping, groupTypes: ['BUILT_IN'] }).groups).toEqual(['Everyone']);
  });

  it.each([
    'STAGED',
    'PROVISIONED',
    'RECOVERY',
    'LOCKED_OUT',
    'PASSWORD_EXPIRED',
    'SUSPENDED',
    'DEPROVISIONED',
    'active',
    'A_STATUS_OF_TOMORROW',
  ])('gives no group to a user who is %s', (status) => {
    const attributes = userAttributes(user({ status }), groups, mapping);
    expect(attributes).toMatchObject({ status, live: false, groups: [] });
  });

  it('lets another status work when it is configured', () => {
    const lenient = { ...mapping, liveStatuses: ['ACTIVE', 'PASSWORD_EXPIRED'] };
    expect(isLive(user({ status: 'PASSWORD_EXPIRED' }), lenient)).toBe(true);
  });

  it('does not count a user as live whose deactivation runs', () => {
    expect(isLive(user({ transitioningToStatus: 'DEPROVISIONED' }), mapping)).toBe(false);
    expect(isLive(user({ transitioningToStatus: 'ACTIVE' }), mapping)).toBe(true);
  });

  it.each([[''], [null], [7], [['x']], ['  ']])('leaves a profile field out that is %j', (value) => {
    const read = user({ profile: { login: 'a@b.c', department: value, title: value } });
    expect(userAttributes(read, [], mapping)).toEqual({
      id: '00u1a2b3c4D5e6F7g8h9',
      status: 'ACTIVE',
      live: true,
      login: 'a@b.c',
      groups: [],
    });
  });

  it('gives the time of the last change as revision, from a text and from a date', () => {
    expect(user().lastUpdated).toBe('2026-10-01T12:00:00.000Z');
    expect(user({ lastUpdated: new Date(0) }).lastUpdated).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('readUser', () => {
  it.each(Object.entries(fixture('invalid_users')))('refuses %s', (_, payload) => {
    expect(readUser(payload)).toBeUndefined();
  });
});

describe('hasAddress', () => {
  it('compares login and primary e-mail without the case of ASCII letters', () => {
    expect(hasAddress(user(), 'Maya.Okafor@ACME.example')).toBe(true);
    expect(hasAddress(user(), 'aya.okafor@acme.example')).toBe(false);
    expect(hasAddress(user(), 'maya.o\u212aafor@acme.example')).toBe(false);
    const renamed = user({ profile: { login: 'mokafor@acme.example', email: 'maya@acme.example' } });
    expect(hasAddress(renamed, 'maya@acme.example')).toBe(true);
  });
});

describe('any payload', () => {
  const field = fc.oneof(fc.jsonValue(), fc.string(), fc.constant(undefined));
  const profile = fc.record(
    Object.fromEntries(
      ['login', 'email', 'displayName', 'firstName', 'department', 'title', 'manager', 'userType'].map((name) => [
        name,
        field,
      ]),
    ),
  );
  const payload = fc.oneof(
    fc.jsonValue(),
    fc.record({ id: field, status: field, transitioningToStatus: field, lastUpdated: field, profile }),
    fc.record({
      id: fc.string({ minLength: 1 }),
      status: fc.string({ minLength: 1 }),
      profile: fc.record({ login: fc.string({ minLength: 1 }), title: field, costCenter: field }),
    }),
  );

  it('neither crashes the mapping nor gets an undeclared or unknown value through', () => {
    fc.assert(
      fc.property(payload, fc.array(fc.jsonValue()), (value, groupValues) => {
        const read = readUser(value);
        if (read === undefined) return;
        const readable = groupValues.map(readGroup).filter((group) => group !== undefined);
        expect(faultsOfAttributes('okta', userAttributes(read, readable, mapping))).toEqual([]);
      }),
    );
  });
});
