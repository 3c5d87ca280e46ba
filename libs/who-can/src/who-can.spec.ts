import type { ContextStatus, PrincipalContext, SourceId } from '@iris/contracts';
import type { DecisionService } from '@iris/decision';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { whoCan } from './who-can.js';

const decisions: Pick<DecisionService, 'prepare'> = {
  prepare: ({ identity, roles, sources }) => ({
    principal: { id: identity.id, roles, attr: {} },
    origins: {},
    sources,
    anonymous: false,
  }),
};

function contextOf(states: Partial<Record<SourceId, ContextStatus>>) {
  const sources = Object.fromEntries(
    Object.entries(states).map(([id, status]) => [id, { status, attributes: {}, origin: 'redis' as const }]),
  );
  return async (login: string): Promise<PrincipalContext> => ({
    identity: { kind: 'user', id: login, loginName: login },
    roles: ['user'],
    sources,
  });
}

const isOdd = (login: string) => Number(login) % 2 === 1;

describe('who can', () => {
  it('has a verdict on everybody, in their order, however many there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (count) => {
        const logins = Array.from({ length: count }, (_, index) => String(index));
        const ask = async ({ principal }: { principal: { id: string } }) => ({
          allowed: isOdd(principal.id),
          reason: 'r',
        });
        const { people, changes } = await whoCan(logins, contextOf({ okta: 'fresh' }), decisions, ask, {
          policyVersion: 'default',
        });
        expect(people.map(({ login, verdict }) => [login, verdict])).toEqual(
          logins.map((login) => [login, isOdd(login) ? 'allowed' : 'denied']),
        );
        expect(changes).toEqual([]);
      }),
    );
  });

  it.each<[Partial<Record<SourceId, ContextStatus>>, string[] | undefined, string]>([
    [{ okta: 'fresh', pagerduty: 'not_found' }, undefined, 'allowed'],
    [{ okta: 'stale' }, undefined, 'unknown'],
    [{ okta: 'fresh', pagerduty: 'unavailable' }, undefined, 'unknown'],
    [{ okta: 'fresh', pagerduty: 'unavailable' }, ['okta'], 'allowed'],
  ])('with the sources %j, of which %j matter, is %s', async (states, sources, verdict) => {
    const ask = async () => ({ allowed: true, reason: 'policy_allowed' });
    const { people } = await whoCan(['1'], contextOf(states), decisions, ask, { policyVersion: 'default', sources });
    expect(people).toMatchObject([{ verdict, allowedNow: true }]);
  });

  it('lists whose right another policy version changes', async () => {
    const ask = async ({ principal }: { principal: { id: string } }, version: string) => ({
      allowed: version === 'next' || isOdd(principal.id),
      reason: version,
    });
    const options = { policyVersion: 'default', otherVersion: 'next' };
    const { changes } = await whoCan(['1', '2', '3', '4'], contextOf({ okta: 'stale' }), decisions, ask, options);
    expect(changes).toMatchObject([
      { login: '2', allowedNow: false, other: { allowed: true } },
      { login: '4', allowedNow: false, other: { allowed: true } },
    ]);
  });

  it('fails as a whole when one verdict is missing', async () => {
    const ask = async ({ principal }: { principal: { id: string } }) => {
      if (principal.id === '3') throw new Error('no decision');
      return { allowed: true, reason: 'policy_allowed' };
    };
    const asked = whoCan(['1', '2', '3'], contextOf({}), decisions, ask, { policyVersion: 'default' });
    await expect(asked).rejects.toThrow('no decision');
  });
});
