import { FLATTENED_ATTRIBUTES, type Json, type JsonObject, SOURCE_ATTRIBUTES, SOURCE_IDS } from '@iris/contracts';
import type { EvidenceRecord } from '@iris/evidence';
import type { IndexedRule, PolicyIndex } from '@iris/policy-files';
import type { Change } from './ask-again.js';
import { valueAt } from './bounded-json.js';

/** A change that may matter, and how far the fact is from the rule that decided. */
export interface Candidate extends Change {
  readonly from?: Json;
  readonly distance: number;
}

/** Most values that are tried for one fact, and candidates in all. */
const MAX_VALUES = 12;
const MAX_CANDIDATES = 120;

/** Of the call: what facts about resources state. What the caller chose makes another call, not another fact. */
const FACTS_OF_CALL = ['cmdb.environment', 'cmdb.status', 'cmdb.openChange'];
/** Who asks stays who asks. */
const NO_FACTS = new Set(['kind', 'nodeId', 'tailnet']);

/**
 * The changes of single facts that the policies can notice: other values of the attributes that rules read, taken from
 * the text of the policies. The facts nearest to the rules that decided come first.
 */
export function candidateChanges(record: EvidenceRecord, policies: PolicyIndex): Candidate[] {
  const deciding = new Set(record.policy.rules);
  const candidates = new Map<string, Candidate>();
  const ruled = policies.rules.filter((rule) => rule.policy === record.policy.matched || deciding.has(rule.id));
  for (const rule of ruled) {
    for (const candidate of candidatesOf(rule, deciding.has(rule.id), record, policies)) {
      const key = JSON.stringify([candidate.of, candidate.path, candidate.to]);
      const known = candidates.get(key);
      if (known === undefined || known.distance > candidate.distance) candidates.set(key, candidate);
    }
  }
  return [...candidates.values()].sort((a, b) => a.distance - b.distance).slice(0, MAX_CANDIDATES);
}

function candidatesOf(rule: IndexedRule, decided: boolean, record: EvidenceRecord, policies: PolicyIndex): Candidate[] {
  const { expressions } = policies;
  return expressions.of(rule).flatMap(({ text, depth }) => {
    const values = expressions.valuesIn(text);
    const distance = depth + (decided ? 0 : 100);
    const ofPrincipal = expressions
      .attributesIn(text, 'principal')
      .filter((path) => !NO_FACTS.has(path))
      .flatMap((path) => changesOf('principal', path, record.principal.attr as JsonObject, values, distance));
    const ofCall = expressions
      .attributesIn(text, 'resource')
      .filter((path) => FACTS_OF_CALL.includes(path))
      .flatMap((path) => changesOf('resource', path, (record.resource?.attr ?? {}) as JsonObject, values, distance));
    return [...ofPrincipal, ...ofCall];
  });
}

function changesOf(
  of: Change['of'],
  path: string,
  attr: JsonObject,
  values: readonly string[],
  distance: number,
): Candidate[] {
  const from = valueAt(attr, path);
  return [...new Set(othersOf(typeAt(of, path, from), path, from, values).map((to) => JSON.stringify(to)))]
    .slice(0, MAX_VALUES)
    .map((to) => ({ of, path, from, to: JSON.parse(to) as Json, distance }));
}

function othersOf(type: string, path: string, from: Json | undefined, values: readonly string[]): Json[] {
  if (/^context\.\w+\.status$/.test(path)) return from === 'fresh' ? [] : ['fresh'];
  if (type === 'boolean') return [true, false].filter((value) => value !== from);
  if (type === 'string[]') {
    const own = Array.isArray(from) ? from : [];
    return values.filter((value) => !own.includes(value)).map((value) => [...own, value]);
  }
  if (type === 'string') return values.filter((value) => value !== from);
  return [];
}

function typeAt(of: Change['of'], path: string, from: Json | undefined): string {
  if (of === 'resource') return 'string';
  const flattened = FLATTENED_ATTRIBUTES.find((attribute) => attribute.path === path);
  if (flattened !== undefined) return flattened.type;
  const source = SOURCE_IDS.find((id) => path.startsWith(`${id}.`));
  const own = source === undefined ? undefined : SOURCE_ATTRIBUTES[source];
  const known = own?.find((attribute) => `${source}.${attribute.path}` === path)?.type;
  return known ?? (Array.isArray(from) ? 'string[]' : typeof from);
}
