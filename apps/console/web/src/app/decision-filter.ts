import type { DecisionFilter, Facets } from '@iris/console-api';

export type FilterKey = keyof DecisionFilter;

/** A filter of decisions, as a field of the form and a parameter of the address. */
export interface FilterField {
  readonly key: FilterKey;
  readonly label: string;
  /** The values that it can have; any text without them. */
  readonly options?: readonly string[];
  /** Where suggestions come from. */
  readonly facet?: keyof Facets;
  /** A time in UTC, of which there is one. */
  readonly time?: true;
}

export const FILTER_FIELDS: readonly FilterField[] = [
  { key: 'person', label: 'Person or device' },
  { key: 'tool', label: 'Tool', facet: 'tool' },
  { key: 'server', label: 'MCP server', facet: 'server' },
  { key: 'category', label: 'Category', facet: 'category' },
  { key: 'effect', label: 'Effect', options: ['ALLOW', 'DENY'] },
  { key: 'force', label: 'Force', options: ['enforced', 'observed', 'shadow'] },
  { key: 'reason', label: 'Reason', facet: 'reason' },
  { key: 'rule', label: 'Rule', facet: 'rule' },
  { key: 'source', label: 'Source and status', facet: 'source' },
  { key: 'session', label: 'Session' },
  { key: 'event', label: 'Event', facet: 'event' },
  { key: 'entryPoint', label: 'Entry point', facet: 'entryPoint' },
  { key: 'from', label: 'From (UTC)', time: true },
  { key: 'to', label: 'To (UTC)', time: true },
];

/** The values of each filter: any of them is enough, and all filters must match. */
export type FilterValues = Partial<Record<FilterKey, readonly string[]>>;

const MOST_VALUES = 20;
const MOST_CHARACTERS = 512;

/** The filters of an address, within the bounds of the API. What is no filter, or no time, is left out. */
export function filterOf(query: URLSearchParams): FilterValues {
  const values: FilterValues = {};
  for (const { key, time } of FILTER_FIELDS) {
    const given = [...new Set(query.getAll(key))].filter((text) => text !== '' && text.length <= MOST_CHARACTERS);
    const kept = time ? given.flatMap((text) => isoOf(text) ?? []).slice(0, 1) : given.slice(0, MOST_VALUES);
    if (kept.length > 0) values[key] = kept;
  }
  return values;
}

/** A filter with one value more; a time replaces the one before. */
export function withValue(filter: FilterValues, { key, time }: FilterField, value: string): FilterValues {
  const before = time ? [] : (filter[key] ?? []);
  return { ...filter, [key]: [...new Set([...before, value])].slice(0, MOST_VALUES) };
}

/** A filter without a value. */
export function withoutValue(filter: FilterValues, key: FilterKey, value: string): FilterValues {
  return { ...filter, [key]: filter[key]?.filter((one) => one !== value) };
}

/** A time as the API takes it; undefined for what is none. */
function isoOf(text: string): string | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** The value of an `input` of type `datetime-local`, which has no zone, for a time in UTC; and back. */
export function toLocalInput(iso: string | undefined): string {
  return iso === undefined ? '' : iso.slice(0, 19);
}

export function fromLocalInput(text: string): string | undefined {
  return isoOf(`${text}Z`);
}
