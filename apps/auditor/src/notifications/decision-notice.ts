import { isJsonObject, type Json } from '@iris/contracts';

/** What a notification is about. */
export const TRIGGERS = ['first_denial_of_rule', 'uncategorised_tool', 'denial_spike'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What of a record a notification needs. Persons and parameters stay in the evidence. */
export interface DecisionNotice {
  /** When the decision was made, in epoch ms. */
  readonly time: number;
  readonly denied: boolean;
  readonly enforced: boolean;
  readonly reason: string;
  readonly tool?: string;
  readonly category?: string;
  /** Rules that denied, as `<policy>#<rule>`. */
  readonly rules: readonly string[];
  readonly requestId?: string;
}

/** @returns undefined for a line that is no decision: a second opinion, a chain head, or JSON of another shape */
export function noticeOf(line: string): DecisionNotice | undefined {
  const record: unknown = JSON.parse(line);
  if (!isJsonObject(record) || record.schema !== 'iris.evidence.v1' || record.mode === 'shadow') return undefined;
  const time = Date.parse(textOf(record.time) ?? '');
  if (Number.isNaN(time)) return undefined;
  const attributes = isJsonObject(record.resource) ? record.resource.attr : undefined;
  const rules = isJsonObject(record.policy) ? record.policy.rules : undefined;
  const denied = record.effect === 'DENY';
  return {
    time,
    denied,
    enforced: record.enforced === true,
    reason: textOf(record.reason) ?? '',
    tool: textOf(record.action),
    category: isJsonObject(attributes) ? textOf(attributes.category) : undefined,
    rules: denied && Array.isArray(rules) ? rules.filter((rule) => typeof rule === 'string') : [],
    requestId: textOf(record.requestId),
  };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
