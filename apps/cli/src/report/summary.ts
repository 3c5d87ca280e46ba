import { type Observations, type Outcomes, type ShadowDifferences, totalOf } from './observations.js';

/** What a report shows, in the order in which it is shown. */
export interface Summary {
  readonly from?: string;
  readonly to?: string;
  readonly calls: number;
  readonly withoutCall: number;
  readonly repeatedCalls: number;
  readonly totals: Outcomes;
  readonly tools: readonly ToolRow[];
  /** Tools that no entry of the catalog matches. */
  readonly uncategorised: readonly ToolRow[];
  /** Kinds of content and tools that no format lists. The catalog admits harmless ones below `recognised`. */
  readonly unrecognised: readonly ToolRow[];
  readonly people: readonly (NamedOutcomes & { readonly department: string })[];
  readonly departments: readonly NamedOutcomes[];
  readonly categories: readonly NamedOutcomes[];
  readonly denyingRules: readonly NamedOutcomes[];
  /** What calls do by commands and statements, beside what their tools say. */
  readonly effects: readonly NamedOutcomes[];
  /** By day, or by hour when it is not more than three days. */
  readonly periods: readonly NamedOutcomes[];
  readonly matrix: readonly { readonly department: string; readonly category: string; readonly calls: number }[];
  readonly sources: readonly { readonly source: string; readonly statuses: Readonly<Record<string, number>> }[];
  readonly shadowDifferences: readonly (ShadowDifferences & { readonly tool: string })[];
}

export interface NamedOutcomes extends Outcomes {
  readonly name: string;
}

export interface ToolRow extends Outcomes {
  readonly tool: string;
  readonly category: string;
  readonly operation?: string;
  readonly inCatalog: boolean;
  readonly people: number;
  readonly departments: readonly string[];
}

const HOURS_SHOWN_BY_HOUR = 72;
const DAY_LENGTH = 'YYYY-MM-DD'.length;

export function summarise(observed: Observations): Summary {
  const tools = [...observed.tools.values()]
    .map((use): ToolRow => ({ ...use, people: use.people.size, departments: use.departments.sorted() }))
    .sort((a, b) => totalOf(b) - totalOf(a) || a.tool.localeCompare(b.tool));
  return {
    from: observed.first,
    to: observed.last,
    calls: observed.calls,
    withoutCall: observed.withoutCall,
    repeatedCalls: observed.repeatedCalls,
    totals: sum([...observed.categories.values()]),
    tools,
    uncategorised: tools.filter(({ inCatalog, category }) => !inCatalog && category !== 'unrecognised'),
    unrecognised: tools.filter(({ category }) => category === 'unrecognised'),
    people: [...observed.people]
      .map(([name, { department, ...outcomes }]) => ({ name, department, ...outcomes }))
      .sort(byTotal),
    departments: named(observed.departments),
    categories: named(observed.categories),
    denyingRules: named(observed.denyingRules),
    effects: named(observed.effects),
    periods: periodsOf(observed.hours),
    matrix: [...observed.matrix].map(([key, calls]) => {
      const [department = '', category = ''] = key.startsWith('[') ? (JSON.parse(key) as string[]) : [key, key];
      return { department, category, calls };
    }),
    sources: [...observed.sources].map(([source, statuses]) => ({ source, statuses: Object.fromEntries(statuses) })),
    shadowDifferences: [...observed.shadowDifferences]
      .map(([tool, differences]) => ({ tool, ...differences }))
      .sort((a, b) => b.newlyDenied + b.newlyAllowed - a.newlyDenied - a.newlyAllowed),
  };
}

function named(map: ReadonlyMap<string, Outcomes>): NamedOutcomes[] {
  return [...map].map(([name, outcomes]) => ({ name, ...outcomes })).sort(byTotal);
}

function byTotal(a: NamedOutcomes, b: NamedOutcomes): number {
  return totalOf(b) - totalOf(a) || a.name.localeCompare(b.name);
}

/** Periods without calls are shown as well, so that the distances in time are right. */
function periodsOf(hours: ReadonlyMap<string, Outcomes>): NamedOutcomes[] {
  const names = [...hours.keys()].filter((hour) => !Number.isNaN(Date.parse(`${hour}:00:00Z`))).sort();
  const [first] = names;
  const last = names.at(-1);
  if (first === undefined || last === undefined) return [];
  const byHour = (Date.parse(`${last}:00:00Z`) - Date.parse(`${first}:00:00Z`)) / 3_600_000 <= HOURS_SHOWN_BY_HOUR;
  const length = byHour ? first.length : DAY_LENGTH;
  const stepMs = byHour ? 3_600_000 : 86_400_000;
  const grouped = new Map<string, Outcomes[]>();
  const start = Date.parse(byHour ? `${first}:00:00Z` : `${first.slice(0, DAY_LENGTH)}T00:00:00Z`);
  for (let at = start; at <= Date.parse(`${last}:00:00Z`); at += stepMs) {
    grouped.set(new Date(at).toISOString().slice(0, length), []);
  }
  for (const name of names) grouped.get(name.slice(0, length))?.push(hours.get(name) ?? sum([]));
  return [...grouped].map(([name, parts]) => ({ name, ...sum(parts) }));
}

function sum(parts: readonly Outcomes[]): Outcomes {
  return parts.reduce<Outcomes>(
    (total, part) => ({
      allowed: total.allowed + part.allowed,
      wouldBlock: total.wouldBlock + part.wouldBlock,
      blocked: total.blocked + part.blocked,
    }),
    { allowed: 0, wouldBlock: 0, blocked: 0 },
  );
}
