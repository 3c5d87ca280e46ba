import type { Attribute } from '@iris/console-api';
import { type Column, DataTable } from './data-table.js';
import { JsonValue } from './json-value.js';
import { SourceStatus } from './outcome.js';
import { TextValue } from './text-value.js';
import { Age, Time } from './time.js';

const COLUMNS: readonly Column<Attribute>[] = [
  {
    id: 'path',
    title: 'Attribute',
    value: ({ path }) => path,
    cell: ({ path, readByRule }) => (
      <>
        <TextValue text={path} mono limit={80} fixed />
        {readByRule && <span class="tag tag-read">read by the rule</span>}
      </>
    ),
    heads: true,
  },
  { id: 'value', title: 'Value', value: ({ value }) => JSON.stringify(value), cell: (row) => <FactValue {...row} /> },
  {
    id: 'source',
    title: 'Source',
    value: ({ source }) => source,
    cell: ({ source }) => (source ? <TextValue text={source} fixed /> : <span class="quiet">Iris</span>),
  },
  {
    id: 'status',
    title: 'Status',
    value: ({ status }) => status,
    cell: ({ status }) => status && <SourceStatus status={status} />,
  },
  {
    id: 'age',
    title: 'Age',
    value: ({ ageSeconds }) => ageSeconds,
    cell: ({ ageSeconds, observedAt }) => ageSeconds !== undefined && <Age seconds={ageSeconds} readAt={observedAt} />,
    numeric: true,
  },
  {
    id: 'fresh',
    title: 'Fresh until (UTC)',
    value: ({ freshUntil }) => freshUntil,
    cell: ({ freshUntil }) => freshUntil && <Time iso={freshUntil} dated />,
  },
  {
    id: 'stale',
    title: 'Used until (UTC)',
    value: ({ staleUntil }) => staleUntil,
    cell: ({ staleUntil }) => staleUntil && <Time iso={staleUntil} dated />,
  },
];

interface FactsTableProps {
  readonly caption: string;
  readonly attributes: readonly Attribute[];
  readonly none?: string;
}

/** Facts that the PDP was given, each with where it came from, how old it was and when it ends. */
export function FactsTable({ caption, attributes, none }: FactsTableProps) {
  const [read, others] = [attributes.filter((one) => one.readByRule), attributes.filter((one) => !one.readByRule)];
  return (
    <DataTable
      caption={caption}
      columns={COLUMNS}
      rows={[...read, ...others]}
      rowKey={({ path }) => path}
      rowClass={({ readByRule }) => (readByRule ? 'read' : '')}
      none={none}
    />
  );
}

/** The value of an attribute, or why it is not shown. */
export function FactValue({ value, hidden, cut }: Attribute) {
  if (hidden) return <span class="quiet">hidden from your role</span>;
  if (cut) return <span class="quiet">too long; the raw record has it</span>;
  return <JsonValue value={value} />;
}
