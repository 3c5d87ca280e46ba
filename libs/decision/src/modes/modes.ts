import type { CallDecision, HookEvent } from '@iris/contracts';
import type { Catalog, ToolUse } from '@iris/tool-catalog';
import type { Mode } from '../shared/request-outcome.js';

export interface ModeRules {
  readonly default: Mode;
  /** By event of the hook, that is by route. */
  readonly byEvent: Readonly<Partial<Record<HookEvent, Mode>>>;
  /** By category of the tool catalog. Comes before the event. */
  readonly byCategory: Readonly<Record<string, Mode>>;
}

/** A switch that sets what is enforced to observe for a time. */
export interface ModeOverride {
  readonly id: string;
  /** Name of the key that turned it on. */
  readonly key: string;
  /** Epoch ms. */
  readonly until: number;
  /** The one category that it is for; absent for all. */
  readonly category?: string;
}

/** Which verdicts are enforced: by the category of the tool, else by the event, else by the default. */
export class Modes {
  constructor(
    private readonly rules: ModeRules,
    private readonly catalog: Catalog,
    /** The switch that is on now; reads memory only. */
    private readonly override: () => ModeOverride | undefined = () => undefined,
  ) {}

  /** The modes as they are now, so that all of a hook is under the same switch. */
  pinned(): Modes {
    const current = this.override();
    return new Modes(this.rules, this.catalog, () => current);
  }

  /** The switch that holds for a decision, or for a hook without one. */
  overrideOf(decision?: CallDecision): ModeOverride | undefined {
    const override = this.override();
    const only = override?.category;
    if (override === undefined || only === undefined) return override;
    return decision !== undefined && this.categoriesOf(decision).includes(only) ? override : undefined;
  }

  /** The mode of a hook as far as no tool is concerned, for example when it cannot be read. */
  ofEvent(event: HookEvent): Mode {
    const override = this.override();
    if (override !== undefined && override.category === undefined) return 'observe';
    return this.rules.byEvent[event] ?? this.rules.default;
  }

  /** The mode of a call or of a declared tool. */
  ofTool(event: HookEvent, tool: ToolUse): Mode {
    return this.ofCategory(event, this.categoryOf(tool));
  }

  /** The mode of a decision: a denial is enforced when any category that it is about is. */
  ofDecision(event: HookEvent, decision: CallDecision): Mode {
    const categories = this.categoriesOf(decision);
    return categories.some((category) => this.ofCategory(event, category) === 'enforce') ? 'enforce' : 'observe';
  }

  private categoriesOf({ call, deniedCategories = [] }: CallDecision): readonly string[] {
    return deniedCategories.length === 0 ? [this.categoryOf(call)] : deniedCategories;
  }

  private categoryOf(tool: ToolUse): string {
    return this.catalog.classify(tool).classification.category;
  }

  private ofCategory(event: HookEvent, category: string): Mode {
    const { byCategory } = this.rules;
    const override = this.override();
    if (override !== undefined && (override.category ?? category) === category) return 'observe';
    return (Object.hasOwn(byCategory, category) ? byCategory[category] : undefined) ?? this.ofEvent(event);
  }
}
