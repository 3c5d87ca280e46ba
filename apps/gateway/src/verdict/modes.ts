import type { HookEvent } from '@iris/contracts';
import type { Catalog, ToolUse } from '@iris/tool-catalog';

/** `enforce`: verdicts are obeyed; `observe`: they are recorded, and everything is allowed. */
export type Mode = 'enforce' | 'observe';

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
    const { category } = this.catalog.classify(tool).classification;
    const { byCategory } = this.rules;
    return (Object.hasOwn(byCategory, category) ? byCategory[category] : undefined) ?? this.ofEvent(event);
  }
}
