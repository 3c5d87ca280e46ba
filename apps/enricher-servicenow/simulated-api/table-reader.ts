import type { Company } from '@iris/simulation';
import { inOrder, parseEncodedQuery, type QueryContext, requiredEqualities, rowFilter } from './encoded-query.js';
import { TABLES } from './service-tables.js';
import type { Column, Row, TableName } from './table-definition.js';

/** The integration user's time zone and form, in which shown times stand: `YYYY-MM-DD HH:MM:SS`. */
const USER_TIME = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'America/Los_Angeles',
  dateStyle: 'short',
  timeStyle: 'medium',
});

export type DisplayMode = 'false' | 'true' | 'all';

export interface ShowOptions {
  readonly fields: readonly string[];
  readonly display: DisplayMode;
  readonly links: boolean;
  readonly baseUrl: string;
}

export function isTableName(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}

/** Reads tables: queries, dot-walks and shows records. */
export class TableReader {
  constructor(readonly company: Company) {}

  /** Records that fit the encoded query, those included that the caller may not see. */
  select(table: TableName, queryText: string): readonly Row[] {
    const query = parseEncodedQuery(queryText);
    const context = this.#context(table);
    const selectFrom = (rows: readonly Row[]) => inOrder(rows.filter(rowFilter(query, context)), query, context);
    const candidates = this.#candidates(table, query);
    if (candidates !== undefined) return selectFrom(candidates);
    if (queryText.includes('javascript:')) return selectFrom(this.#rows(table));
    return this.company.derived(`servicenow:${table}?${queryText}`, () => selectFrom(this.#rows(table)));
  }

  find(table: TableName, id: string): Row | undefined {
    return this.#index(table, 'sys_id').get(id.toLowerCase())?.[0];
  }

  show(table: TableName, row: Row, options: ShowOptions): Record<string, unknown> {
    const fields = options.fields.length > 0 ? options.fields : Object.keys(TABLES[table].columns);
    const shown: Record<string, unknown> = {};
    for (const field of fields) {
      const column = this.#column(table, field);
      if (column !== undefined) shown[field] = this.#shown(column, this.#value(table, row, field), options);
    }
    return shown;
  }

  #rows(table: TableName): readonly Row[] {
    return this.company.derived(`servicenow:${table}`, (company) => TABLES[table].rows(company));
  }

  #index(table: TableName, field: string): ReadonlyMap<string, readonly Row[]> {
    return this.company.derived(`servicenow:${table}:${field}`, () => {
      const index = new Map<string, Row[]>();
      for (const row of this.#rows(table)) {
        const key = (row.values[field] ?? '').toLowerCase();
        const rows = index.get(key);
        if (rows === undefined) index.set(key, [row]);
        else rows.push(row);
      }
      return index;
    });
  }

  /** The few rows that can fit, where the query asks for one value of a column. */
  #candidates(table: TableName, query: ReturnType<typeof parseEncodedQuery>): readonly Row[] | undefined {
    const key = requiredEqualities(query).find(
      ({ field }) => Object.hasOwn(TABLES[table].columns, field) && TABLES[table].columns[field]?.kind !== 'boolean',
    );
    return key === undefined ? undefined : (this.#index(table, key.field).get(key.value.toLowerCase()) ?? []);
  }

  #context(table: TableName): QueryContext<Row> {
    return {
      hasField: (field) => this.#column(table, field) !== undefined,
      valueOf: (row, field) => this.#value(table, row, field),
      evaluate: (script) => {
        const known = /^gs\.nowDateTime\(\)$/.test(script.trim());
        return known ? userTime(this.company.now) : '';
      },
    };
  }

  /** The column at the end of a dot-walk. */
  #column(table: TableName, field: string): Column | undefined {
    let at: TableName | undefined = table;
    let column: Column | undefined;
    for (const name of field.split('.')) {
      if (at === undefined || !Object.hasOwn(TABLES[at].columns, name)) return undefined;
      column = TABLES[at].columns[name];
      at = column?.kind === 'reference' ? column.table : undefined;
    }
    return column;
  }

  #value(table: TableName, row: Row, field: string): string {
    let at: Row | undefined = row;
    let inTable = table;
    const names = field.split('.');
    for (const [index, name] of names.entries()) {
      const value: string = at?.values[name] ?? '';
      if (index === names.length - 1) return value;
      const column: Column | undefined = TABLES[inTable].columns[name];
      if (column?.kind !== 'reference') return '';
      inTable = column.table;
      at = this.find(inTable, value);
      if (at === undefined) return '';
    }
    return '';
  }

  #shown(column: Column, value: string, options: ShowOptions): unknown {
    if (column.kind === 'reference') return this.#shownReference(column.table, value, options);
    const display = displayed(column, value);
    if (options.display === 'all') return { display_value: display, value };
    return options.display === 'true' ? display : value;
  }

  #shownReference(table: TableName, value: string, options: ShowOptions): unknown {
    if (value === '') return options.display === 'all' ? { display_value: '', value: '' } : '';
    const target = this.find(table, value);
    const display = target?.values[TABLES[table].display] ?? '';
    const link = options.links ? { link: `${options.baseUrl}/api/now/table/${table}/${value}` } : undefined;
    if (options.display === 'all') return { display_value: display, value, ...link };
    if (options.display === 'true') return link ? { display_value: display, ...link } : display;
    return link ? { ...link, value } : value;
  }
}

function displayed(column: Exclude<Column, { kind: 'reference' }>, value: string): string {
  if (column.kind === 'choice') return column.labels[value] ?? value;
  if (column.kind === 'time' && value !== '') return userTime(Date.parse(`${value.replace(' ', 'T')}Z`));
  return value;
}

function userTime(timeMs: number): string {
  return USER_TIME.format(timeMs);
}
