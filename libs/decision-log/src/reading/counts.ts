import { type Kysely, sql } from 'kysely';
import type { Bucket, BucketCount, DecisionFilter, RuleHits, TimeWindow, ValueField } from '../decision-log.js';
import { COUNT_WIDTHS, type CountWidth, type LogTables } from '../schema/tables.js';
import { decisionConditions } from './decision-filter.js';
import { shapeConditions, shapesOf } from './shape-filter.js';

const MINUTE_MS = 60_000;
const BUCKET_MS: Readonly<Record<Bucket, number>> = {
  minute: MINUTE_MS,
  '10 minutes': 10 * MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 1440 * MINUTE_MS,
};
const MAX_BUCKETS = 1500;
/** Fewest slots of a window for rules and values. */
const MIN_SLOTS = 10;
/** Buckets of a minute are counted from the decisions themselves. */
const MAX_MINUTES = 180;
const MAX_VALUES = 200;

/** The widest counts of which a window has so many that its ends matter little. */
function widthOf({ from, to }: TimeWindow): CountWidth {
  const seconds = (to.getTime() - from.getTime()) / 1000;
  return COUNT_WIDTHS.findLast((width) => seconds >= width * MIN_SLOTS) ?? COUNT_WIDTHS[0];
}

/** The window in whole units. */
function widened({ from, to }: TimeWindow, unitMs: number): TimeWindow {
  return {
    from: new Date(Math.floor(from.getTime() / unitMs) * unitMs),
    to: new Date(Math.ceil(to.getTime() / unitMs) * unitMs),
  };
}

/** @throws RangeError for a window that is none or has too many buckets */
export async function readCounts(
  db: Kysely<LogTables>,
  filter: DecisionFilter & TimeWindow,
  bucket: Bucket,
): Promise<readonly BucketCount[]> {
  const unit = BUCKET_MS[bucket];
  if (!(filter.from <= filter.to)) throw new RangeError('from and to must be times, from not after to');
  const window = widened(filter, unit);
  const buckets = (window.to.getTime() - window.from.getTime()) / unit;
  const most = bucket === 'minute' ? MAX_MINUTES : MAX_BUCKETS;
  if (buckets > most) throw new RangeError(`more than ${most} buckets of ${bucket}; take a wider bucket`);
  const isOfRows = bucket === 'minute' || filter.person !== undefined || filter.session !== undefined;
  return isOfRows ? countRows(db, { ...filter, ...window }, unit) : sumCounts(db, { ...filter, ...window }, unit);
}

/** Begin of the bucket of a decision. */
function beginOf(unitMs: number) {
  return sql<Date>`date_bin(make_interval(secs => ${unitMs / 1000}), decisions.time, 'epoch'::timestamptz)`;
}

/** From the counts that are written with the decisions. */
async function sumCounts(db: Kysely<LogTables>, filter: DecisionFilter & TimeWindow, unitMs: number) {
  const shapes = await shapesOf(db, filter);
  return db
    .selectFrom('decision_counts as c')
    .innerJoin('decision_shapes', 'decision_shapes.shape', 'c.shape')
    .select(['effect', 'force', 'c.slot as time', sql<number>`sum(c.n)`.as('count')])
    .where('c.width', '=', (unitMs / 1000) as CountWidth)
    .where('c.slot', '>=', filter.from)
    .where('c.slot', '<', filter.to)
    .where('c.n', '>', 0)
    .where((eb) =>
      eb.and(
        Array.isArray(shapes)
          ? [sql<boolean>`c.shape = ANY(${shapes}::integer[])`]
          : shapeConditions(filter)(eb as never),
      ),
    )
    .groupBy(['c.slot', 'effect', 'force'])
    .orderBy('c.slot')
    .orderBy('effect')
    .orderBy('force')
    .execute();
}

/** From the decisions of persons and sessions, or of few minutes. */
async function countRows(db: Kysely<LogTables>, filter: DecisionFilter & TimeWindow, unitMs: number) {
  const shapes = await shapesOf(db, filter);
  if (shapes !== 'all' && shapes.length === 0) return [];
  const rows = db
    .selectFrom('decisions')
    .select(['shape', beginOf(unitMs).as('time'), sql<number>`count(*)`.as('n')])
    .where((eb) => eb.and(decisionConditions(filter, shapes)(eb)))
    .groupBy(['shape', 'time']);
  return db
    .selectFrom(rows.as('r'))
    .innerJoin('decision_shapes as s', 's.shape', 'r.shape')
    .select(['s.effect', 's.force', 'r.time', sql<number>`sum(r.n)::bigint`.as('count')])
    .groupBy(['r.time', 's.effect', 's.force'])
    .orderBy('r.time')
    .orderBy('s.effect')
    .orderBy('s.force')
    .execute();
}

export async function readRules(db: Kysely<LogTables>, window: TimeWindow): Promise<RuleHits[]> {
  const width = widthOf(window);
  const { from, to } = widened(window, width * 1000);
  const { rows } = await sql<{ rule: string; force: keyof typeof NONE; hits: number; denials: number; last: Date }>`
    SELECT rule, s.force, sum(c.n) AS hits, coalesce(sum(c.n) FILTER (WHERE s.effect = 'DENY'), 0) AS denials,
      max(c.slot) AS last
    FROM (
      SELECT shape, sum(n)::integer AS n, max(slot) AS slot FROM decision_counts
      WHERE width = ${width} AND slot >= ${from} AND slot < ${to} AND n > 0 GROUP BY shape
    ) c JOIN decision_shapes s ON s.shape = c.shape CROSS JOIN LATERAL (SELECT DISTINCT unnest(s.rules)) AS r (rule)
    GROUP BY rule, s.force ORDER BY rule`.execute(db);
  const rules = new Map<string, RuleHits>();
  for (const { rule, force, hits, denials, last } of rows) {
    const before = rules.get(rule) ?? { rule, ...NONE, lastHit: last };
    rules.set(rule, {
      ...before,
      [force]: { hits, denials },
      lastHit: new Date(Math.max(last.getTime(), before.lastHit.getTime())),
    });
  }
  return [...rules.values()];
}

const NONE = {
  enforced: { hits: 0, denials: 0 },
  observed: { hits: 0, denials: 0 },
  shadow: { hits: 0, denials: 0 },
};

const VALUE_SQL = {
  tool: sql`s.tool`,
  server: sql`s.server`,
  category: sql`s.category`,
  reason: sql`s.reason`,
  event: sql`s.event`,
  entryPoint: sql`s.entry_point`,
  caller: sql`s.caller`,
  rule: sql`unnest(s.rules)`,
  source: sql`unnest(s.sources)`,
} as const satisfies Record<ValueField, unknown>;

export async function readValues(db: Kysely<LogTables>, field: ValueField, window: TimeWindow) {
  const width = widthOf(window);
  const { from, to } = widened(window, width * 1000);
  const { rows } = await sql<{ value: string; count: number }>`
    SELECT value, sum(n)::bigint AS count FROM (
      SELECT ${VALUE_SQL[field]} AS value, c.n
      FROM (
        SELECT shape, sum(n)::bigint AS n FROM decision_counts
        WHERE width = ${width} AND slot >= ${from} AND slot < ${to} AND n > 0 GROUP BY shape
      ) c JOIN decision_shapes s ON s.shape = c.shape
    ) given WHERE value IS NOT NULL GROUP BY value ORDER BY count DESC, value LIMIT ${MAX_VALUES}`.execute(db);
  return rows;
}
