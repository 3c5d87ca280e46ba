import type { DecisionSummary } from '@iris/console-api';
import { useMemo } from 'preact/hooks';
import { Link, pathTo } from '../app/router.js';
import { type Column, DataTable } from './data-table.js';
import { effectWord, Outcome } from './outcome.js';
import { TextValue } from './text-value.js';
import { Time } from './time.js';

/** Characters of a cell; the decision's own page has all. */
const CELL = 60;

function textColumn(
  id: string,
  title: string,
  value: (row: DecisionSummary) => string | undefined,
): Column<DecisionSummary> {
  return {
    id,
    title,
    value,
    cell: (row) => <TextValue text={value(row) ?? ''} limit={CELL} fixed />,
  };
}

const COLUMNS: readonly Column<DecisionSummary>[] = [
  {
    id: 'outcome',
    title: 'Outcome',
    value: (row) => `${row.force} ${effectWord(row)}`,
    cell: ({ effect, force }) => <Outcome effect={effect} force={force} />,
  },
  {
    id: 'person',
    title: 'Person or device',
    value: ({ person }) => person,
    cell: ({ person }) => (
      <Link class="over-row" to={pathTo('people', person)}>
        <TextValue text={person} limit={CELL} fixed />
      </Link>
    ),
  },
  textColumn('tool', 'Tool', ({ tool }) => tool),
  textColumn('category', 'Category', ({ category }) => category),
  textColumn('rule', 'Rule or reason', ({ rules, reason }) => rules.map(ruleName).join(', ') || reason),
  textColumn('sources', 'Sources not fresh', ({ sources }) =>
    Object.entries(sources)
      .filter(([, status]) => status !== 'fresh')
      .map(([source, status]) => `${source} ${status.replaceAll('_', ' ')}`)
      .join(', '),
  ),
];

/** Where a row leads. */
function timeColumn(section: string, query: string): Column<DecisionSummary> {
  return {
    id: 'time',
    title: 'Time (UTC)',
    value: ({ time }) => time,
    cell: ({ id, time }) => (
      <Link class="row-link" to={`${pathTo(section, id)}${query && `?${query}`}`}>
        <Time iso={time} dated />
      </Link>
    ),
    heads: true,
  };
}

interface DecisionTableProps {
  readonly caption: string;
  readonly rows: readonly DecisionSummary[];
  /** Column that is left out. */
  readonly without?: string;
  readonly isNew?: (row: DecisionSummary) => boolean;
  readonly none?: string;
  /** Pages that the rows lead to; the decisions themselves without it. */
  readonly section?: string;
  readonly query?: string;
}

/** Decisions, one a row; each row leads to its decision. */
export function DecisionTable(props: DecisionTableProps) {
  const { caption, rows, without = '', isNew, none, section = 'decisions', query = '' } = props;
  const columns = useMemo(
    () => [timeColumn(section, query), ...COLUMNS.filter(({ id }) => id !== without)],
    [section, query, without],
  );
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      rowClass={(row) => (isNew?.(row) ? 'linked arrived' : 'linked')}
      none={none ?? 'No decisions match.'}
    />
  );
}

/** The part of a rule's id that a reader looks for: after `#`. */
export function ruleName(rule: string): string {
  return rule.slice(rule.indexOf('#') + 1);
}
