import {
  FLATTENED_ATTRIBUTES,
  isJsonObject,
  type Json,
  type JsonObject,
  REASONS,
  SOURCE_ATTRIBUTES,
  SOURCE_TITLES,
  type SourceId,
} from '@iris/contracts';
import type { EvidenceRecord } from '@iris/evidence';
import { isSource } from './attributes.js';
import { valueAt } from './bounded-json.js';

/** Longest message of a rule in the sentence, in characters. */
const MAX_MESSAGE = 300;
/** Facts that the sentence names. */
const MAX_FACTS = 2;

/**
 * Why a decision was made, in one sentence: the effect, what the rule states, and the facts that spoke for it.
 *
 * @param reads attributes that the rules read, the nearest first
 * @param withFacts false leaves the facts out, for a reader who may not see them
 */
export function whyOf(record: EvidenceRecord, reads: Iterable<string>, withFacts: boolean): string {
  const message = messageOf(record);
  const stated = message ?? meaningOf(record.reason);
  const facts = withFacts && record.resource !== undefined ? factsOf(record, reads) : [];
  const sentence = `${leadOf(record)}: ${[asClause(stated), ...facts].join('; ')}`;
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** What the rules that decided state, by the record's outputs. */
function messageOf({ policy, effect }: EvidenceRecord): string | undefined {
  const key = effect === 'ALLOW' ? 'allowed_by' : 'message';
  for (const output of policy.outputs) {
    const value = isJsonObject(output) ? output.value : undefined;
    const text = isJsonObject(value) ? value[key] : undefined;
    if (typeof text === 'string' && text.trim() !== '') return text.trim();
  }
  return undefined;
}

function leadOf({ mode, enforced, effect, reply, shadowOf }: EvidenceRecord): string {
  const denied = effect === 'DENY';
  if (mode === 'shadow') {
    const candidate = denied ? 'The candidate policy would deny' : 'The candidate policy would allow';
    return shadowOf === undefined
      ? candidate
      : `${candidate} what was ${shadowOf.effect === 'ALLOW' ? 'allowed' : 'denied'}`;
  }
  if (!enforced) return denied ? 'Observed, not enforced: would be denied' : 'Observed, not enforced: allowed';
  if (reply === 'ask') return 'Confirmation asked';
  return denied ? 'Denied' : 'Allowed';
}

function meaningOf(reason: string): string {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : reason;
}

/** The first sentence, without its full stop. */
function asClause(text: string): string {
  const [first = text] = text.split(/(?<=[.!?])\s+(?=[A-Z])/);
  const bounded = first.length > MAX_MESSAGE ? `${first.slice(0, MAX_MESSAGE)}…` : first;
  return bounded.replace(/\.$/, '');
}

/**
 * The facts that speak for the effect: for a denial what is false, missing, over or not fresh; for an allow what is true.
 * The nearest to the rule come first.
 */
function factsOf(record: EvidenceRecord, reads: Iterable<string>): string[] {
  const facts: string[] = [];
  const told = new Set<string>();
  for (const path of reads) {
    const fact = factOf(record, path);
    if (fact === undefined || told.has(fact.source)) continue;
    told.add(fact.source);
    facts.push(fact.text);
    if (facts.length >= MAX_FACTS) break;
  }
  return facts;
}

function factOf(record: EvidenceRecord, path: string): { source: SourceId; text: string } | undefined {
  const source = sourceOf(record, path);
  const state = source === undefined ? undefined : record.sources?.[source];
  if (source === undefined || state === undefined) return undefined;
  const title = SOURCE_TITLES[source];
  const isDenied = record.effect === 'DENY';
  if (state.status === 'unavailable') {
    const reason = state.reason === undefined ? '' : ` (${state.reason})`;
    return isDenied ? { source, text: `${title} gave no answer${reason}` } : undefined;
  }
  if (state.status === 'not_found')
    return isDenied ? { source, text: `${title} has no record of the person` } : undefined;
  const age = state.ageSeconds === undefined ? '' : `, ${durationText(state.ageSeconds)} old`;
  if (path.startsWith('context.')) {
    return isDenied && state.status === 'stale' ? { source, text: `the facts of ${title} are stale${age}` } : undefined;
  }
  const attr = record.principal.attr as JsonObject;
  const said = saidOf(valueAt(attr, path), meaningAt(path), isDenied);
  if (said === undefined) return undefined;
  const over = isDenied ? overOf(record, source) : '';
  return { source, text: `${title}${age}, reports ${said}${over}` };
}

function sourceOf({ attributeOrigins }: EvidenceRecord, path: string): SourceId | undefined {
  const [first = '', second = ''] = path.split('.');
  const name =
    first === 'context' ? second : isSource(first) ? first : (attributeOrigins[path]?.source ?? offeredBy(path));
  return name !== undefined && isSource(name) ? (name as SourceId) : undefined;
}

/** The first source of a flattened attribute, for one that is absent. */
function offeredBy(path: string): string | undefined {
  return FLATTENED_ATTRIBUTES.find((attribute) => attribute.path === path)?.from[0]?.split('.', 1)[0];
}

function meaningAt(path: string): string | undefined {
  const [source = '', ...rest] = path.split('.');
  const own = isSource(source) ? SOURCE_ATTRIBUTES[source as SourceId] : FLATTENED_ATTRIBUTES;
  const wanted = isSource(source) ? rest.join('.') : path;
  return own.find((attribute) => attribute.path === wanted)?.meaning;
}

/** A fact as a clause, when it speaks for the effect. */
function saidOf(value: Json | undefined, meaning: string | undefined, isDenied: boolean): string | undefined {
  const [, subject, verb, rest] = /^Whether (.+?) (is|has|may) (.+?)\.?$/.exec(meaning ?? '') ?? [];
  if (subject !== undefined && typeof value === 'boolean' && value !== isDenied) {
    return `that ${subject} ${verb} ${value ? '' : 'not '}${rest?.replace(/, at any level$/, '')}`;
  }
  if (value === undefined && isDenied && meaning !== undefined)
    return `nothing for: ${lowerFirst(meaning).replace(/\.$/, '')}`;
  return undefined;
}

/** A time of the source that was over at the decision, such as the end of a shift. */
function overOf(record: EvidenceRecord, source: SourceId): string {
  for (const { path, type, meaning } of SOURCE_ATTRIBUTES[source]) {
    if (type !== 'timestamp') continue;
    const value = valueAt(record.principal.attr as JsonObject, `${source}.${path}`);
    const seconds = typeof value === 'string' ? (Date.parse(record.time) - Date.parse(value)) / 1000 : Number.NaN;
    if (seconds > 0)
      return `, and that the ${lowerFirst(meaning).replace(/[;.].*$/, '')} was ${durationText(seconds)} ago`;
  }
  return '';
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** A duration with its largest whole unit: 40 s, 12 min, 3 h, 2 d. */
function durationText(seconds: number): string {
  for (const [length, unit] of UNITS)
    if (seconds >= length * 2 || (unit !== 'd' && seconds >= length)) return `${Math.floor(seconds / length)} ${unit}`;
  return `${Math.max(0, Math.floor(seconds))} s`;
}
