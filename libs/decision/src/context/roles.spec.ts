import type { Identity, Json, PrincipalKind } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rolesOf } from './roles.js';

const CAPABILITY = 'iris.dev/cap/roles';
const rules = {
  fromGroups: { 'Platform Admins': ['platform_admin', 'user'], Odd: ['anonymous', ''] },
  capability: CAPABILITY,
};

function identity(kind: PrincipalKind, entries?: Json): Identity {
  return { kind, id: 'x', ...(entries === undefined ? {} : { capabilities: { [CAPABILITY]: entries } }) };
}

describe('rolesOf', () => {
  it('unites kind, groups and capability, sorted and once each', () => {
    const roles = rolesOf(
      identity('user', [{ roles: ['crm-manager', 'platform_admin'] }, { roles: ['b'] }]),
      { groups: ['Platform Admins', 'Unmapped'] },
      rules,
    );
    expect(roles).toEqual(['b', 'crm-manager', 'platform_admin', 'user']);
  });

  it('takes only texts, from lists, under the one capability', () => {
    const odd = { ...identity('user', [{ roles: 'admin' }, { roles: [5, null, ' '] }, 'admin', null]) };
    expect(rolesOf(odd, { groups: 'Platform Admins' }, rules)).toEqual(['user']);
    const other: Identity = { kind: 'user', id: 'x', capabilities: { 'other/cap': [{ roles: ['admin'] }] } };
    expect(rolesOf(other, { groups: [7, 'toString', '__proto__'] }, rules)).toEqual(['user']);
  });

  it('never grants another kind, whatever groups and capabilities say', () => {
    const kind = fc.constantFrom<PrincipalKind>('user', 'tagged-device', 'anonymous');
    const role = fc.oneof(fc.constantFrom('user', 'tagged-device', 'anonymous', 'admin'), fc.string());
    const entries = fc.array(fc.oneof(fc.record({ roles: fc.array(role) }), fc.jsonValue())) as fc.Arbitrary<Json>;
    const groups = fc.array(fc.oneof(fc.constantFrom('a', 'b'), fc.jsonValue()));
    const fromGroups = fc.record({ a: fc.array(role), b: fc.array(role) });
    fc.assert(
      fc.property(kind, entries, groups, fromGroups, (own, capability, member, mapping) => {
        const roles = rolesOf(
          identity(own, capability),
          { groups: member as Json[] },
          { fromGroups: mapping, capability: CAPABILITY },
        );
        const kinds = roles.filter((name) => ['user', 'tagged-device', 'anonymous'].includes(name));
        expect(kinds).toEqual([own]);
        expect(new Set(roles).size).toBe(roles.length);
      }),
    );
  });
});
