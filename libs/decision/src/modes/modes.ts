import type { CallDecision, HookEvent } from '@iris/contracts';
import type { Catalog, ToolUse } from '@iris/tool-catalog';
import type { Mode } from '../shared/hook-outcome.js';

export interface ModeRules {
  readonly default: Mode;
  /** By event of the hook, that is by route. */
  readonly byEvent: Readonly<Partial<Record<HookEvent, Mode>>>;
  /** By category of the tool catalog. Comes before the event. */
  readonly byCategory: Readonly<Record<string, Mode>>;
}

/** Which verdicts are enforced: by the category of the tool, else by the event, else by the default. */
export class Modes {
  constructor(
    private readonly rules: ModeRules,
    private readonly catalog: Catalog,
  ) {}

  /** The mode of a hook as far as no tool is concerned, for example when it cannot be read. */
  ofEvent(event: HookEvent): Mode {
    return this.rules.byEvent[event] ?? this.rules.default;
  }

  /** The mode of a call or of a declared tool. */
  ofTool(event: HookEvent, tool: ToolUse): Mode {
    return this.ofCategory(event, this.catalog.classify(tool).classification.category);
  }

  /** The mode of a decision: a denial is enforced when any category that it is about is. */
  ofDecision(event: HookEvent, { call, deniedCategories = [] }: CallDecision): Mode {
    if (deniedCategories.length === 0) return this.ofTool(event, call);
    return deniedCategories.some((category) => this.ofCategory(event, category) === 'enforce') ? 'enforce' : 'observe';
  }

  private ofCategory(event: HookEvent, category: string): Mode {
    const { byCategory } = this.rules;
    return (Object.hasOwn(byCategory, category) ? byCategory[category] : undefined) ?? this.ofEvent(event);
  }
}
