import { hash } from 'node:crypto';
import type { EvidenceRecord } from '@iris/evidence';
import type { Insertable } from 'kysely';
import type { Force } from '../decision-log.js';
import type { DecisionTable, ShapeTable } from '../schema/tables.js';

/** Longest text in a column, in characters; a longer one is its start and its hash. An index entry holds 2704 bytes. */
const MAX_TEXT = 200;
const KEPT_OF_LONG_TEXT = 120;
/** Longest list in a shape. */
const MAX_LIST = 64;

export type ShapeRow = Insertable<ShapeTable>;
export type DecisionRow = Omit<Insertable<DecisionTable>, 'shape' | 'seq' | 'arrived' | 'record'> & {
  readonly time: Date;
  /** As JSON, without what PostgreSQL cannot hold. */
  readonly record: string;
};

export interface LogRow {
  readonly shape: ShapeRow;
  readonly decision: DecisionRow;
}

/** What is stored of a record. Times are cut to ms, so that a cursor names a row. */
export function rowOf(record: EvidenceRecord): LogRow {
  const { principal, durationsMs } = record;
  return {
    shape: shapeOf(record),
    decision: {
      time: new Date(record.time),
      id: bounded(record.id),
      person: bounded(principal.id),
      person_key: personKey(principal.id),
      session: optional(record.sessionId),
      trace_id: optional(record.traceId),
      decision_key: optional(record.decisionKey),
      total_ms: Math.min(durationsMs.total, 1e9),
      erased: record.erased !== undefined,
      record: storable(record),
    },
  };
}

function shapeOf(record: EvidenceRecord): ShapeRow {
  const attr = record.resource?.attr ?? {};
  const columns = {
    entry_point: bounded(entryPointOf(record)),
    event: bounded(record.event),
    phase: record.phase,
    caller: bounded(record.hookKey),
    force: forceOf(record),
    effect: record.effect,
    reason: bounded(record.reason),
    reply: record.reply,
    would_have: record.wouldHave ?? null,
    category: optional(attr.category),
    server: optional((attr.tool as { server?: unknown } | undefined)?.server),
    tool: optional(record.action),
    rules: listOf(record.policy.rules),
    sources: listOf(
      Object.entries(record.sources ?? {})
        .map(([source, { status }]) => `${source}:${status}`)
        .sort(),
    ),
  };
  return { digest: digestOf(columns), ...columns };
}

/** Records of the first entry point do not name it. */
function entryPointOf(record: EvidenceRecord): string {
  return (record as { entryPoint?: string }).entryPoint ?? 'gateway';
}

function forceOf({ mode, enforced }: Pick<EvidenceRecord, 'mode' | 'enforced'>): Force {
  if (mode === 'shadow') return 'shadow';
  return enforced ? 'enforced' : 'observed';
}

/** Logins are compared without regard to case, as the gateway keys them. */
export function personKey(login: string): string {
  return bounded(login.toLowerCase());
}

/** A text as a column holds it; the same for a filter. */
export function bounded(text: string): string {
  const clean = withoutUnstorable(text);
  if (clean.length <= MAX_TEXT) return clean;
  return `${clean.slice(0, KEPT_OF_LONG_TEXT).toWellFormed()}…${hash('sha256', text, 'hex')}`;
}

function optional(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? bounded(value) : null;
}

function listOf(texts: readonly string[]): string[] {
  return texts.slice(0, MAX_LIST).map(bounded);
}

/** As a UUID, which is the narrowest column of 128 bits. */
function digestOf(columns: object): string {
  const hex = hash('sha256', JSON.stringify(columns), 'hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function withoutUnstorable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** `jsonb` holds neither U+0000 nor lone surrogates, in names neither. */
function storable(record: EvidenceRecord): string {
  const text = JSON.stringify(record);
  // JSON writes both as escapes, so the parse is made for few records only.
  if (!/\\u(?:0000|d[89a-f])/i.test(text)) return text;
  return JSON.stringify(cleaned(JSON.parse(text)));
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return withoutUnstorable(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, some]) => [withoutUnstorable(name), cleaned(some)]));
}
