import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { isJsonObject } from '@iris/contracts';
import { type EvidenceRecord, evidenceRecordSchema } from '@iris/evidence';
import { v7 as uuidv7 } from 'uuid';
import { parse } from 'yaml';
import { caseSuites, type PolicyCases } from '../../apps/cli/src/policies/case-suites.js';

type Attributes = EvidenceRecord['principal']['attr'];

/** A question to the PDP whose answer the cases of the policy pack tell. */
interface Case {
  readonly principal: { readonly id: string; readonly roles: string[]; readonly attr: Attributes };
  readonly attr: Attributes;
  readonly action: string;
  readonly effect: 'ALLOW' | 'DENY';
  /** The rule that must have spoken, if the case names one. */
  readonly rule?: string;
}

/** The cases of the policy pack: every rule as it allows, and with each thing that it needs changed. */
export function packCases(): Case[] {
  const cases = parse(readFileSync('policies/tests/cases.yaml', 'utf8'), { merge: true }) as PolicyCases;
  return caseSuites(cases).flatMap(({ suite, outputs }) =>
    suite.tests.flatMap(({ name, expected }) => {
      const [{ principal: key = '', actions = {} } = {}] = expected;
      const principal = suite.principals[key];
      const attr = suite.resources[key]?.attr;
      const [action, effect] = Object.entries(actions)[0] ?? [];
      if (principal === undefined || attr === undefined || action === undefined) return [];
      const decided = effect === 'EFFECT_ALLOW' ? ('ALLOW' as const) : ('DENY' as const);
      const found: Case = { principal, attr, action, effect: decided, rule: outputs[name]?.rule };
      // Some cases have roles or attributes that no record can hold.
      return evidenceRecordSchema.safeParse(recordOf(found, 0)).success && principal.roles.length > 0 ? [found] : [];
    }),
  );
}

/** A record of a decision on a case, made at a time that grows with `index`. */
export function recordOf({ principal, attr, action, effect, rule }: Case, index: number): EvidenceRecord {
  const { category } = attr;
  return {
    schema: 'iris.evidence.v1',
    id: uuidv7(),
    time: new Date(Date.UTC(2026, 10, 2, 8) + index * 1000).toISOString(),
    event: 'pre_request',
    phase: 'executed',
    hookKey: 'aperture',
    principal,
    attributeOrigins: {},
    resource: { kind: 'aperture_hook', id: `call_${index}`, attr },
    action,
    catalogEntry: category === 'uncategorised' ? undefined : 'case',
    effect,
    reason: effect === 'ALLOW' ? 'policy_allowed' : 'policy_denied',
    mode: 'observe',
    enforced: false,
    reply: 'allow',
    policy: {
      version: 'default',
      rules: rule === undefined ? [] : [`resource.aperture_hook.vdefault#${rule}`],
      derivedRoles: [],
      outputs: [],
    },
    replay: { policyVersion: 'default', scope: '', masked: false },
    durationsMs: { context: 1, pdp: 1, total: 3 },
  };
}

/** Writes so many records, the cases over and over, without holding them in memory. */
export async function writeCaseEvidence(path: string, count: number): Promise<void> {
  const cases = packCases();
  const file = createWriteStream(path);
  for (let index = 0; index < count; index += 1) {
    const chosen = cases[index % cases.length];
    if (chosen === undefined) throw new Error('the pack has cases');
    const attr = aged(chosen.principal.attr, index);
    const record = recordOf({ ...chosen, principal: { ...chosen.principal, attr } }, index);
    if (!file.write(`${JSON.stringify(record)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** Facts grow older from hook to hook, so no two hooks have quite the same. */
function aged(attr: Case['principal']['attr'], seconds: number): Case['principal']['attr'] {
  const { context } = attr;
  if (!isJsonObject(context)) return attr;
  const states = Object.entries(context).map(([id, state]) => [
    id,
    isJsonObject(state) ? { ...state, ageSeconds: seconds } : state,
  ]);
  return { ...attr, context: Object.fromEntries(states) };
}
