import type { Effect } from '@iris/contracts';
import type { Change } from './replay.js';

/** How many decisions would change, by direction. */
export interface Directions {
  toAllow: number;
  toDeny: number;
}

/** One change as it is listed. */
export interface ListedChange {
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly department?: string;
  readonly tool: string;
  readonly category?: string;
  readonly from: Effect;
  readonly to: Effect;
  readonly rulesBefore: readonly string[];
  /** Rules that speak now, with what they say. */
  readonly outputsNow: readonly { readonly source: string; readonly value?: unknown }[];
}

/** How many different tools, people or departments are told apart; further ones are counted together. */
const MAX_NAMES = 10_000;
const OTHERS = '(others)';
const UNKNOWN = '(unknown)';

/** Counts changes by tool, person and department. Memory is bounded by the names, not by the changes. */
export class ChangeSummary {
  readonly byTool = new Map<string, Directions>();
  readonly byPrincipal = new Map<string, Directions>();
  readonly byDepartment = new Map<string, Directions>();

  add(change: ListedChange): void {
    add(this.byTool, change.tool, change.to);
    add(this.byPrincipal, change.principal, change.to);
    add(this.byDepartment, change.department ?? UNKNOWN, change.to);
  }
}

function add(counts: Map<string, Directions>, name: string, to: Effect): void {
  const key = counts.has(name) || counts.size < MAX_NAMES ? name : OTHERS;
  const directions = counts.get(key) ?? { toAllow: 0, toDeny: 0 };
  directions[to === 'ALLOW' ? 'toAllow' : 'toDeny'] += 1;
  counts.set(key, directions);
}

/** The names with most changes first. */
export function ranked(counts: ReadonlyMap<string, Directions>): { name: string; toAllow: number; toDeny: number }[] {
  return [...counts]
    .map(([name, directions]) => ({ name, ...directions }))
    .sort((a, b) => b.toAllow + b.toDeny - a.toAllow - a.toDeny || a.name.localeCompare(b.name));
}

export function listed({ record, to, result }: Change): ListedChange {
  const { department } = record.principal.attr;
  const category = record.resource?.attr.category;
  return {
    id: record.id,
    time: record.time,
    principal: record.principal.id,
    department: typeof department === 'string' ? department : undefined,
    tool: record.action ?? '',
    category: typeof category === 'string' ? category : undefined,
    from: record.effect,
    to,
    rulesBefore: record.policy.rules,
    outputsNow: result.outputs
      .filter(({ value }) => value !== undefined && value !== null)
      .map(({ source, value }) => ({ source, value })),
  };
}
