import {
  type CallEffects,
  compilePrograms,
  DEFAULT_EFFECT_LIMITS,
  type Effect,
  type EffectfulCall,
  type Programs,
  readEffects,
  stricterOperation,
} from '@iris/call-effects';
import type { JsonObject, ToolCall } from '@iris/contracts';
import type { Catalog } from '@iris/tool-catalog';
import { ContinuedCalls } from './continued-calls.js';
import { statementOfCall } from './statement-of-call.js';

/** Categories of tools that hosts in a statement, a proxy or an argument lead further. */
const REACHING: ReadonlySet<string> = new Set(['database', 'infrastructure']);

const NOTHING: CallEffects = { effects: [], opaque: [] };

/** Reads what calls do, once for each call and revision of the catalog. */
export class EffectsOfCalls {
  #revision: string | undefined;
  #programs: Programs = compilePrograms([], []);
  #read = new WeakMap<ToolCall, CallEffects>();
  readonly #continued = new ContinuedCalls();

  constructor(private readonly catalog: Catalog) {}

  /** Takes note of all calls of a hook in the order of its history, so that one is judged by those that it continues. */
  note(calls: readonly ToolCall[]): void {
    this.#continued.note(calls);
  }

  /** Effects of the call besides its tool, and of the calls that it continues. Never throws. */
  of(call: ToolCall): CallEffects {
    if (call.params === undefined) return NOTHING;
    if (this.#revision !== this.catalog.revision) this.#compile();
    let effects = this.#read.get(call);
    if (effects === undefined) {
      effects = this.#withStatement(
        call,
        readEffects(this.#effectful(call, call.params), this.#programs, (target, kind) =>
          this.catalog.environmentOfTarget(target, kind),
        ),
      );
      effects = this.#withContinued(call, effects);
      this.#read.set(call, effects);
    }
    return effects;
  }

  /** The output of a command that continues is judged by what the command does. */
  #withContinued(call: ToolCall, effects: CallEffects): CallEffects {
    const continued = this.#continued.of(call);
    if (continued.length === 0) return effects;
    const all = [effects, ...continued.map((earlier) => this.of(earlier))];
    const distinct = new Map<string, Effect>();
    for (const effect of all.flatMap((each) => each.effects)) {
      const { program, category, operation, environment, target } = effect;
      distinct.set(JSON.stringify([program, category, operation, environment, target]), effect);
    }
    const complexity =
      distinct.size > DEFAULT_EFFECT_LIMITS.maxEffects ? 'too_many' : all.find((each) => each.complexity)?.complexity;
    return {
      effects: [...distinct.values()],
      opaque: [...new Set(all.flatMap(({ opaque }) => opaque))],
      ...(complexity && { complexity }),
    };
  }

  /** The effects that are a question of their own: not those of the shell, and none of the tool itself. */
  checked(call: ToolCall): readonly Effect[] {
    const { effects } = this.of(call);
    if (effects.length === 0) return effects;
    const own = this.catalog.classify(call).classification;
    return effects.filter(
      ({ category, operation, environment }) =>
        category !== 'shell' &&
        (category !== own.category || operation !== own.operation || environment !== own.environment),
    );
  }

  /** What a database or cluster outside production may be led to by any of its parameters counts, too. */
  #effectful(call: ToolCall, params: JsonObject): EffectfulCall {
    const { category, environment } = this.catalog.classify(call).classification;
    const isProduction = environment === undefined || environment === this.catalog.environments[0];
    return { tool: call.name, params, reaches: REACHING.has(category) && !isProduction };
  }

  /** A database tool is judged by its statement where that is stricter than its catalog entry. */
  #withStatement(call: ToolCall, effects: CallEffects): CallEffects {
    const { category, system, operation, environment, target } = this.catalog.classify(call).classification;
    if (category !== 'database' || call.params === undefined) return effects;
    const statement = statementOfCall(call.params, system);
    if (statement === undefined) return effects;
    if (statement.opaque === 'too_long') return { ...effects, complexity: effects.complexity ?? 'too_long' };
    const stricter = stricterOperation(operation ?? 'read', statement.operation);
    if (stricter === operation) return effects;
    const effect: Effect = {
      program: call.name,
      system: system ?? 'unknown',
      category,
      operation: stricter,
      ...(environment === undefined ? {} : { environment }),
      ...(target === undefined ? {} : { target: target.id }),
      via: [],
      opaque: [],
    };
    return { ...effects, effects: [...effects.effects, effect] };
  }

  #compile(): void {
    this.#revision = this.catalog.revision;
    this.#programs = compilePrograms(this.catalog.programs, this.catalog.environments, (host) =>
      this.catalog.systemOfHost(host),
    );
    this.#read = new WeakMap();
  }
}
