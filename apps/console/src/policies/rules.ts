import type { Policies } from '@iris/console-api';
import type { RuleHits } from '@iris/decision-log';
import type { PolicyIndex } from '@iris/policy-files';

import { boundedText } from '../http/bounded-text.js';

/** Rules of the files and of decisions, with how often each spoke. */
export function rulesOf(
  policies: PolicyIndex | undefined,
  hits: readonly RuleHits[],
): Pick<Policies, 'rules' | 'neverHit'> {
  const byRule = new Map(hits.map((hit) => [hit.rule, hit]));
  const ofFiles = (policies?.rules ?? []).map(({ id, ruleName, policy, version, effect, file, line, text }) => ({
    rule: id,
    ...{ name: ruleName, policy, version, effect, file: file.file, line, text },
    ...countsOf(byRule.get(id)),
  }));
  const known = new Set(ofFiles.map(({ rule }) => rule));
  const gone = hits
    .filter(({ rule }) => !known.has(rule))
    .map((hit) => {
      const [policy = '', name = ''] = hit.rule.split('#');
      const [, version = ''] = /\.v([^/]+)/.exec(policy) ?? [];
      return {
        rule: boundedText(hit.rule),
        name: boundedText(name),
        policy: boundedText(policy),
        version: boundedText(version),
        ...countsOf(hit),
      };
    });
  return {
    rules: [...ofFiles, ...gone],
    neverHit: ofFiles.map(({ rule }) => rule).filter((rule) => !byRule.has(rule)),
  };
}

function countsOf(hit: RuleHits | undefined) {
  if (hit === undefined) return {};
  const { enforced, observed, shadow, lastHit } = hit;
  return { enforced, observed, shadow, last: lastHit.toISOString() };
}
