import { type Kysely, type Selectable, sql } from 'kysely';
import type { DecisionFilter, DecisionSummary } from '../decision-log.js';
import type { DecisionTable, LogTables, ShapeTable } from '../schema/tables.js';
import type { Place } from './cursors.js';
import { decisionConditions } from './decision-filter.js';
import { shapesOf } from './shape-filter.js';

const OF_DECISION = [
  'decisions.time',
  'decisions.id',
  'decisions.seq',
  'decisions.shape',
  'decisions.person',
  'decisions.session',
  'decisions.trace_id',
  'decisions.decision_key',
  'decisions.total_ms',
  'decisions.erased',
] as const;

const OF_SHAPE = [
  's.entry_point',
  's.event',
  's.phase',
  's.caller',
  's.force',
  's.effect',
  's.reason',
  's.reply',
  's.would_have',
  's.category',
  's.server',
  's.tool',
  's.rules',
  's.sources',
] as const;

/** Of `decisions` joined with `decision_shapes as s`. */
export const SUMMARY_COLUMNS = [...OF_DECISION, ...OF_SHAPE] as const;

export type SummaryRow = Omit<Selectable<DecisionTable>, 'record' | 'arrived' | 'person_key'> &
  Omit<Selectable<ShapeTable>, 'digest'>;

/** Which rows of a filter, and in what order. */
export interface RowRequest {
  readonly order: 'newest first' | 'oldest first' | 'arrival';
  /** Rows beyond this one in that order. */
  readonly after?: Place;
  /** With `arrival`: numbers beyond the first, up to the second. */
  readonly numbers?: readonly [number, number];
  readonly limit: number;
}

/** Rows with their shapes. The limit applies before the join, so few shapes are looked up. */
export async function readRows(
  db: Kysely<LogTables>,
  filter: DecisionFilter,
  { order, after, numbers, limit }: RowRequest,
): Promise<SummaryRow[]> {
  const shapes = await shapesOf(db, filter);
  if (shapes !== 'all' && shapes.length === 0) return [];
  const direction = order === 'newest first' ? 'desc' : 'asc';
  let rows = db
    .selectFrom('decisions')
    .select(OF_DECISION)
    .where((eb) => eb.and(decisionConditions(filter, shapes)(eb)))
    .limit(limit);
  if (order === 'arrival') rows = rows.orderBy('decisions.seq');
  else rows = rows.orderBy('decisions.time', direction).orderBy('decisions.id', direction);
  if (numbers !== undefined) {
    rows = rows.where('decisions.seq', '>', numbers[0]).where('decisions.seq', '<=', numbers[1]);
  }
  if (after !== undefined) {
    const { time, id } = after;
    // A row comparison prunes no partitions; the comparison of time does.
    rows = rows
      .where('decisions.time', direction === 'desc' ? '<=' : '>=', time)
      .where(
        direction === 'desc'
          ? sql<boolean>`(decisions.time, decisions.id) < (${time}, ${id})`
          : sql<boolean>`(decisions.time, decisions.id) > (${time}, ${id})`,
      );
  }
  const joined = await db
    .selectFrom(rows.as('decisions'))
    .innerJoin('decision_shapes as s', 's.shape', 'decisions.shape')
    .select(SUMMARY_COLUMNS)
    .execute();
  // A join need not keep the order of its input.
  return joined.sort(order === 'arrival' ? (a, b) => a.seq - b.seq : byPlace(direction));
}

function byPlace(direction: 'asc' | 'desc') {
  const sign = direction === 'asc' ? 1 : -1;
  return (a: Place, b: Place) =>
    sign * (a.time.getTime() - b.time.getTime() || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}

export function summaryOf(row: SummaryRow): DecisionSummary {
  return {
    id: row.id,
    time: row.time,
    person: row.person,
    tool: row.tool ?? undefined,
    server: row.server ?? undefined,
    category: row.category ?? undefined,
    effect: row.effect,
    reason: row.reason,
    force: row.force,
    reply: row.reply,
    wouldHave: row.would_have ?? undefined,
    rules: row.rules,
    sources: row.sources,
    session: row.session ?? undefined,
    event: row.event,
    phase: row.phase,
    entryPoint: row.entry_point,
    caller: row.caller,
    traceId: row.trace_id ?? undefined,
    decisionKey: row.decision_key ?? undefined,
    totalMs: row.total_ms,
    erased: row.erased,
  };
}
