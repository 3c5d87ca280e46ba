import type { EvidenceRecord } from '@iris/evidence';
import { type Kysely, sql } from 'kysely';
import type { Arrivals, Decision, DecisionFilter, Page, PageRequest } from '../decision-log.js';
import type { LogTables } from '../schema/tables.js';
import { bounded } from '../writing/log-row.js';
import { checkedLimit, decodeArrival, decodePlace, encodeArrival, encodePlace, type Place } from './cursors.js';
import { decisionConditions } from './decision-filter.js';
import { shapesOf } from './shape-filter.js';
import { readRows, SUMMARY_COLUMNS, summaryOf } from './summary.js';

const DEFAULT_LIMIT = 50;
/** Records that are read at once for a window. */
const WINDOW_ROWS = 500;
const DAY_MS = 86_400_000;

export async function readPage(
  db: Kysely<LogTables>,
  filter: DecisionFilter,
  order: 'newest first' | 'oldest first',
  { cursor, limit }: PageRequest,
): Promise<Page> {
  const size = checkedLimit(limit, DEFAULT_LIMIT);
  const after = cursor === undefined ? undefined : decodePlace(cursor);
  const rows = await readRows(db, filter, { order, after, limit: size + 1 });
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return {
    decisions: shown.map(summaryOf),
    ...(rows.length > size && last !== undefined ? { next: encodePlace(last) } : {}),
  };
}

/** Writers make numbers visible in their order, so what is above a number arrived after it. */
export async function readArrivals(
  db: Kysely<LogTables>,
  cursor: string | undefined,
  filter: DecisionFilter,
  limit: number | undefined,
): Promise<Arrivals> {
  const size = checkedLimit(limit, DEFAULT_LIMIT);
  const head = await lastNumber(db);
  if (cursor === undefined) return { decisions: [], cursor: encodeArrival(head), more: false };
  const from = decodeArrival(cursor);
  // A log that was rebuilt counts from the start.
  if (from > head) return { decisions: [], cursor: encodeArrival(head), more: false };
  const rows = await readRows(db, filter, { order: 'arrival', numbers: [from, head], limit: size + 1 });
  const shown = rows.slice(0, size);
  const more = rows.length > size;
  return {
    decisions: shown.map(summaryOf),
    cursor: encodeArrival(more ? (shown.at(-1)?.seq ?? head) : head),
    more,
  };
}

async function lastNumber(db: Kysely<LogTables>): Promise<number> {
  const row = await db.selectFrom('decisions').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row?.seq ?? 0;
}

export async function readDecision(db: Kysely<LogTables>, id: string): Promise<Decision | undefined> {
  const near = timeOfId(id);
  return (near === undefined ? undefined : await findDecision(db, id, near)) ?? findDecision(db, id);
}

async function findDecision(db: Kysely<LogTables>, id: string, near?: Date): Promise<Decision | undefined> {
  let query = db
    .selectFrom('decisions')
    .innerJoin('decision_shapes as s', 's.shape', 'decisions.shape')
    .select([...SUMMARY_COLUMNS, 'decisions.record'])
    .where('id', '=', bounded(id))
    .limit(1);
  if (near !== undefined) {
    query = query
      .where('time', '>=', new Date(near.getTime() - DAY_MS))
      .where('time', '<', new Date(near.getTime() + DAY_MS));
  }
  const row = await query.executeTakeFirst();
  return row === undefined ? undefined : { ...summaryOf(row), record: row.record as EvidenceRecord };
}

/** A UUID of version 7 starts with its time (RFC 9562, 5.7), which spares the look into every partition. */
function timeOfId(id: string): Date | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/i.exec(id) ?? [];
  return high === undefined || low === undefined ? undefined : new Date(Number.parseInt(high + low, 16));
}

/** Whole records, oldest first. Each page is a query of its own, so that no transaction stays open. */
export async function* readWindow(
  db: Kysely<LogTables>,
  filter: DecisionFilter,
): AsyncGenerator<EvidenceRecord, void, undefined> {
  let after: Place | undefined;
  for (;;) {
    const shapes = await shapesOf(db, filter);
    let query = db
      .selectFrom('decisions')
      .select(['time', 'id', 'record'])
      .where((eb) => eb.and(decisionConditions(filter, shapes)(eb)))
      .orderBy('time')
      .orderBy('id')
      .limit(WINDOW_ROWS);
    if (after !== undefined) {
      query = query.where('time', '>=', after.time).where(sql<boolean>`(time, id) > (${after.time}, ${after.id})`);
    }
    const rows = await query.execute();
    for (const { record } of rows) yield record as EvidenceRecord;
    after = rows.at(-1);
    if (rows.length < WINDOW_ROWS) return;
  }
}
