import type { DecisionDetail, RuleText } from '@iris/console-api';
import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import type { Decision } from '@iris/decision-log';
import type { EvidenceRecord } from '@iris/evidence';
import type { PolicyIndex } from '@iris/policy-files';
import { toSummary } from '../decisions/to-summary.js';
import { boundedText } from '../http/bounded-text.js';
import { canAskAgain } from './ask-again.js';
import { callAttributesOf, principalAttributesOf } from './attributes.js';
import { boundedJson } from './bounded-json.js';
import { whyOf } from './why.js';

const PARAMETER_BOUNDS = { text: 8192, values: 2000, depth: 20 };
const MAX_EFFECTS = 100;

export interface DetailOptions {
  readonly policies: PolicyIndex | undefined;
  /** Whether parameters and values of facts are answered. */
  readonly showPersonal: boolean;
  /** With {traceId}. */
  readonly traceUrlTemplate: string | undefined;
}

/** One decision with everything it was based on. */
export function detailOf(
  decision: Decision,
  { policies, showPersonal, traceUrlTemplate }: DetailOptions,
): DecisionDetail {
  const { record } = decision;
  const reads = policies?.reads(record.policy.rules) ?? new Map<string, number>();
  const isRead = (path: string) => [...reads.keys()].some((read) => read === path || read.startsWith(`${path}.`));
  const options = { showValues: showPersonal, isRead };
  const params = record.resource?.attr.params as Json | undefined;
  const shown = params === undefined ? undefined : boundedJson(params, PARAMETER_BOUNDS);
  return {
    summary: toSummary(decision),
    why: whyOf(record, reads.keys(), showPersonal),
    attributes: principalAttributesOf(record, options),
    resource: callAttributesOf(record, options),
    ...(showPersonal && shown !== undefined ? { parameters: shown.value } : {}),
    parametersHidden: !showPersonal && shown !== undefined,
    parametersCut: showPersonal && shown?.cut === true,
    rules: record.policy.rules.slice(0, 50).map((rule) => ruleTextOf(rule, record, policies)),
    effects: effectsOf(record, showPersonal),
    anomalies: (record.anomalies ?? []).slice(0, 50).map(boundedText),
    roles: record.principal.roles.slice(0, 200).map(boundedText),
    derivedRoles: record.policy.derivedRoles.slice(0, 200).map(boundedText),
    policyVersion: record.policy.version,
    policyRevision: record.revisions?.policies,
    irisVersion: record.revisions?.iris,
    timings: timingsOf(record),
    traceId: record.traceId,
    traceUrl: traceUrlOf(record.traceId, traceUrlTemplate),
    canAskAgain: showPersonal && canAskAgain(record),
  };
}

function ruleTextOf(rule: string, record: EvidenceRecord, policies: PolicyIndex | undefined): RuleText {
  const found = policies?.rule(rule);
  const output = record.policy.outputs.find((one) => isJsonObject(one) && one.source === rule);
  const value = isJsonObject(output) && isJsonObject(output.value) ? output.value : {};
  const message = [value.message, value.allowed_by].find((text) => typeof text === 'string');
  return {
    rule: boundedText(rule),
    name: boundedText(rule.slice(rule.indexOf('#') + 1)),
    ...(found === undefined ? {} : { file: found.file.file, line: found.line, text: found.text }),
    message: message === undefined ? undefined : boundedText(message),
    current:
      found !== undefined &&
      record.revisions?.policies !== undefined &&
      record.revisions.policies === policies?.revision,
  };
}

function effectsOf(record: EvidenceRecord, showTargets: boolean): DecisionDetail['effects'] {
  const effects = record.resource?.attr.effects;
  if (!Array.isArray(effects)) return [];
  return effects.slice(0, MAX_EFFECTS).flatMap((effect) => {
    if (!isJsonObject(effect)) return [];
    const text = (name: string) => (typeof effect[name] === 'string' ? boundedText(effect[name]) : undefined);
    return [
      {
        program: text('program'),
        system: text('system'),
        category: text('category'),
        operation: text('operation'),
        environment: text('environment'),
        target: showTargets ? targetOf(effect) : undefined,
      },
    ];
  });
}

function targetOf({ target }: JsonObject): string | undefined {
  return typeof target === 'string' ? boundedText(target) : undefined;
}

/** The stages run one after the other: facts, then the PDP; the rest is reading, masking and recording. */
function timingsOf({ durationsMs: { context, pdp, total } }: EvidenceRecord): DecisionDetail['timings'] {
  const other = Math.max(0, total - context - pdp);
  return [
    { name: 'context', startMs: 0, durationMs: context },
    { name: 'pdp', startMs: context, durationMs: pdp },
    { name: 'other', startMs: context + pdp, durationMs: other },
    { name: 'total', startMs: 0, durationMs: total },
  ];
}

function traceUrlOf(traceId: string | undefined, template: string | undefined): string | undefined {
  if (template === undefined || traceId === undefined || !/^[0-9a-f]{32}$/.test(traceId)) return undefined;
  return template.replace(/\{traceId\}|%7BtraceId%7D/g, traceId);
}
