import type { Effect } from '@iris/contracts';
import type { ListedChange } from '@iris/replay';

/** Changed decisions of one person on one tool. */
export interface ChangeGroup {
  readonly from: Effect;
  readonly to: Effect;
  readonly tool: string;
  readonly principal: string;
  /** Rules that explain the new decision. */
  readonly rules: ReadonlySet<string>;
  count: number;
}

/** Groups that are kept; further changes are counted only. */
const MAX_GROUPS = 10_000;

/** Changed decisions by direction, tool and person. Memory is bounded by the groups. */
export class ChangedDecisions {
  private readonly groups = new Map<string, ChangeGroup & { readonly rules: Set<string> }>();
  /** Changes beyond the groups that are kept. */
  ungrouped = 0;

  add({ from, to, tool, principal, outputsNow }: ListedChange): void {
    const key = JSON.stringify([from, tool, principal]);
    let group = this.groups.get(key);
    if (group === undefined) {
      if (this.groups.size >= MAX_GROUPS) {
        this.ungrouped += 1;
        return;
      }
      group = { from, to, tool, principal, rules: new Set(), count: 0 };
      this.groups.set(key, group);
    }
    group.count += 1;
    for (const { source } of outputsNow) group.rules.add(source.replace(/^.*#/, ''));
  }

  /** Those of one direction, most frequent first. */
  of(from: Effect): readonly ChangeGroup[] {
    return [...this.groups.values()]
      .filter((group) => group.from === from)
      .sort((a, b) => b.count - a.count || a.tool.localeCompare(b.tool) || a.principal.localeCompare(b.principal));
  }
}
