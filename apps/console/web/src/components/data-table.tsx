import {
  type ColumnDef,
  constructTable,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  type SortingState,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
} from '@tanstack/table-core';
import { storeReactivityBindings } from '@tanstack/table-core/store-reactivity-bindings';
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';

const FEATURES = tableFeatures({
  coreReactivityFeature: storeReactivityBindings(),
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

/** One column: what it sorts by, and what it shows. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly value: (row: Row) => string | number | undefined;
  /** Shown in place of the value. */
  readonly cell?: (row: Row) => ComponentChildren;
  /** Right-aligned, digits of one width. */
  readonly numeric?: boolean;
  /** Names the row to screen readers. */
  readonly heads?: boolean;
  readonly fixedOrder?: boolean;
}

interface DataTableProps<Row> {
  /** Names the table to screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly rowClass?: (row: Row) => string;
  /** Column that the rows are sorted by at first; as they come without it. */
  readonly sortedBy?: { readonly id: string; readonly desc: boolean };
  /** Shown when there are no rows. */
  readonly none?: string;
}

/** A table whose columns sort by pressing their titles. */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, rowClass, sortedBy, none = 'Nothing here.' } = props;
  const [sorting, setSorting] = useState<SortingState>(sortedBy ? [{ ...sortedBy }] : []);
  const definitions = useMemo(() => columns.map(definitionOf), [columns]);
  const table = constructTable({
    features: FEATURES,
    data: rows as Row[],
    columns: definitions,
    getRowId: (row, index) => `${rowKey(row)}#${index}`,
    initialState: { sorting },
  });
  const sorted = table.getRowModel().rows;
  const press = (id: string) => setSorting(nextSorting(sorting, id));
  const byId = new Map(columns.map((column) => [column.id, column]));
  if (rows.length === 0) return <p class="none">{none}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
    <section class="scroll" aria-label={`${caption}, table`} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.id} column={column} sorting={sorting} onPress={press} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={row.id} class={rowClass?.(row.original)}>
              {row.getAllCells().map((cell) => {
                const column = byId.get(cell.column.id);
                if (column === undefined) return null;
                const shown = column.cell?.(row.original) ?? column.value(row.original) ?? '';
                const classes = column.numeric ? 'number' : undefined;
                return column.heads ? (
                  <th key={cell.id} scope="row" class={classes}>
                    {shown}
                  </th>
                ) : (
                  <td key={cell.id} class={classes}>
                    {shown}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function definitionOf<Row extends RowData>(column: Column<Row>): ColumnDef<typeof FEATURES, Row> {
  return {
    id: column.id,
    accessorFn: column.value,
    sortFn: column.numeric ? 'basic' : 'alphanumeric',
    sortUndefined: 'last',
    enableSorting: !column.fixedOrder,
  };
}

/** First press: descending, second: ascending, third: as the rows come. */
function nextSorting(sorting: SortingState, id: string): SortingState {
  const current = sorting.find((one) => one.id === id);
  if (current === undefined) return [{ id, desc: true }];
  return current.desc ? [{ id, desc: false }] : [];
}

interface HeadCellProps<Row> {
  readonly column: Column<Row>;
  readonly sorting: SortingState;
  readonly onPress: (id: string) => void;
}

function HeadCell<Row>({ column, sorting, onPress }: HeadCellProps<Row>) {
  const current = sorting.find((one) => one.id === column.id);
  const direction = current === undefined ? undefined : current.desc ? 'descending' : 'ascending';
  const mark = direction === undefined ? '' : direction === 'descending' ? ' ↓' : ' ↑';
  return (
    <th scope="col" class={column.numeric ? 'number' : undefined} aria-sort={direction}>
      {column.fixedOrder ? (
        column.title
      ) : (
        <button type="button" class="sort" onClick={() => onPress(column.id)}>
          {column.title}
          <span aria-hidden="true">{mark}</span>
        </button>
      )}
    </th>
  );
}
