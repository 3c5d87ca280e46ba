import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { DecisionFilter } from '../decision-log.js';
import type { LogTables } from '../schema/tables.js';
import { bounded } from '../writing/log-row.js';

/** Above so many shapes the database joins them instead of being given them. */
const MAX_LISTED = 5000;

const COLUMNS = {
  tool: 'tool',
  server: 'server',
  category: 'category',
  effect: 'effect',
  reason: 'reason',
  force: 'force',
  event: 'event',
  entryPoint: 'entry_point',
  caller: 'caller',
} as const satisfies Partial<Record<keyof DecisionFilter, string>>;

const LISTS = { rule: 'rules', source: 'sources' } as const satisfies Partial<Record<keyof DecisionFilter, string>>;

type ShapeExpressions = ExpressionBuilder<LogTables, 'decision_shapes'>;

/** Conditions on shapes; none where the filter has no field of a shape. */
export function shapeConditions(filter: DecisionFilter) {
  return (eb: ShapeExpressions): Expression<SqlBool>[] => [
    ...Object.entries(COLUMNS).flatMap(([field, column]) => {
      const values = filter[field as keyof typeof COLUMNS];
      return values === undefined
        ? []
        : [sql<boolean>`${eb.ref(`decision_shapes.${column}`)} = ANY(${values.map(bounded)})`];
    }),
    ...Object.entries(LISTS).flatMap(([field, column]) => {
      const values = filter[field as keyof typeof LISTS];
      return values === undefined
        ? []
        : [sql<boolean>`${eb.ref(`decision_shapes.${column}`)} && ${values.map(bounded)}::text[]`];
    }),
  ];
}

function namesShapes(filter: DecisionFilter): boolean {
  return [...Object.keys(COLUMNS), ...Object.keys(LISTS)].some(
    (field) => filter[field as keyof DecisionFilter] !== undefined,
  );
}

/** The shapes of a filter: all, these, or too many to be listed. */
export type ShapeSet = 'all' | 'many' | readonly number[];

/** Asked before the decisions, so that the planner sees how frequent each shape is. */
export async function shapesOf(db: Kysely<LogTables>, filter: DecisionFilter): Promise<ShapeSet> {
  if (!namesShapes(filter)) return 'all';
  const rows = await db
    .selectFrom('decision_shapes')
    .select('shape')
    .where((eb) => eb.and(shapeConditions(filter)(eb)))
    .limit(MAX_LISTED + 1)
    .execute();
  return rows.length > MAX_LISTED ? 'many' : rows.map(({ shape }) => shape);
}
