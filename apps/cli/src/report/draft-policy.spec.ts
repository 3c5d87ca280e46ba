import type { EvidenceRecord } from '@iris/evidence';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { draftRules } from './draft-policy.js';
import { Observations } from './observations.js';

interface Seen {
  readonly tool: string;
  readonly department?: string;
  readonly category: string;
  readonly operation: string;
  readonly environment?: string;
  readonly effect: 'ALLOW' | 'DENY';
  readonly enforced: boolean;
  readonly kind: string;
  readonly mode: 'enforce' | 'observe';
  readonly decisionKey?: string;
}

const seen: fc.Arbitrary<Seen> = fc.record({
  tool: fc.constantFrom('a', 'b', 'c'),
  department: fc.constantFrom('Sales', 'IT', undefined),
  category: fc.constantFrom('crm', 'files'),
  operation: fc.constantFrom('read', 'write', 'delete'),
  environment: fc.constantFrom('staging', 'production', undefined),
  effect: fc.constantFrom('ALLOW', 'ALLOW', 'ALLOW', 'DENY'),
  enforced: fc.boolean(),
  kind: fc.constantFrom('user', 'user', 'tagged-device'),
  mode: fc.constantFrom('enforce', 'observe'),
  decisionKey: fc.constantFrom('k1', 'k2', undefined),
});

function recordOf({ tool, department, effect, enforced, kind, mode, decisionKey, ...attr }: Seen): EvidenceRecord {
  return {
    ...{ time: '2026-11-05T10:00:00.000Z', mode, effect, enforced, decisionKey, action: tool },
    principal: { id: 'p', roles: ['user'], attr: { kind, ...(department === undefined ? {} : { department }) } },
    resource: { kind: 'aperture_hook', id: '1', attr: JSON.parse(JSON.stringify(attr)) },
    policy: { version: 'default', rules: [], derivedRoles: [], outputs: [] },
    reason: 'policy_denied',
  } as unknown as EvidenceRecord;
}

describe('draftRules', () => {
  it('never suggests a rule that allows a call that was denied', () => {
    let suggested = 0;
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 60 }), (all) => {
        const observed = new Observations();
        for (const one of all) observed.add(recordOf(one));
        const { rules } = draftRules(observed.usages.values(), { minCalls: 1 });
        suggested += rules.length;
        for (const rule of rules) {
          const covered = all.filter(
            ({ tool, department, category, operation, environment }) =>
              rule.tools.includes(tool) &&
              department === rule.department &&
              category === rule.category &&
              operation === rule.operation &&
              environment === rule.environment,
          );
          expect(covered.map(({ effect }) => effect)).not.toContain('DENY');
          expect(covered.some(({ kind }) => kind === 'user')).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(suggested).toBeGreaterThan(0);
  });
});
