import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { DecisionFilter } from '../decision-log.js';
import type { LogTables } from '../schema/tables.js';
import { bounded, personKey } from '../writing/log-row.js';
import { type ShapeSet, shapeConditions } from './shape-filter.js';

/** Conditions on decisions; an `AND` of none is true. */
export function decisionConditions(filter: DecisionFilter, shapes: ShapeSet) {
  return (eb: ExpressionBuilder<LogTables, 'decisions'>): Expression<SqlBool>[] => {
    const { person, session, from, to } = filter;
    return [
      ...(person === undefined ? [] : [sql<boolean>`decisions.person_key = ANY(${person.map(personKey)})`]),
      ...(session === undefined ? [] : [sql<boolean>`decisions.session = ANY(${session.map(bounded)})`]),
      ...(from === undefined ? [] : [eb('decisions.time', '>=', from)]),
      ...(to === undefined ? [] : [eb('decisions.time', '<', to)]),
      ...conditionsOfShapes(eb, filter, shapes),
    ];
  };
}

function conditionsOfShapes(
  eb: ExpressionBuilder<LogTables, 'decisions'>,
  filter: DecisionFilter,
  shapes: ShapeSet,
): Expression<SqlBool>[] {
  if (shapes === 'all') return [];
  if (shapes !== 'many') return [sql<boolean>`decisions.shape = ANY(${shapes}::integer[])`];
  const wanted = eb
    .selectFrom('decision_shapes')
    .select('decision_shapes.shape')
    .where((of) => of.and(shapeConditions(filter)(of as never)));
  return [eb('decisions.shape', 'in', wanted)];
}
