import type { JsonObject, ToolClassification } from '@iris/contracts';

/** What an effect does, from the most to the least restrictive. */
export const OPERATIONS = ['delete', 'execute', 'export', 'write', 'read'] as const;

export type Operation = NonNullable<ToolClassification['operation']>;

/** Why a part of a call cannot be read. */
export type Opaque =
  | 'dynamic'
  | 'code'
  | 'script'
  | 'runs_program'
  | 'unparsable'
  | 'too_long'
  | 'too_deep'
  | 'too_many';

/** Why a call is too large to be read as a whole; such a call is denied. */
export type Complexity = 'too_long' | 'too_deep' | 'too_many';

/** What a part of a call does. */
export interface Effect {
  /** Name of the program without its path, or of the tool where no program runs. */
  readonly program: string;
  readonly system: string;
  readonly category: string;
  readonly operation: Operation;
  /** Absent when it is not known, which counts as production. */
  readonly environment?: string;
  /** Host, cluster, profile or file; never a user name, a password or a raw connection string. */
  readonly target?: string;
  /** How to name the target, where it is missing. */
  readonly advice?: string;
  /** Programs that run it, outermost first. */
  readonly via: readonly string[];
  readonly opaque: readonly Opaque[];
  /** The part of the command that has the effect, in UTF-16 units of the text that `readEffects` names. */
  readonly span?: { readonly start: number; readonly end: number };
}

/** Effects of a call besides those of its tool. */
export interface CallEffects {
  /** Distinct effects in the order of the call. Effects of category `shell` need no check of their own. */
  readonly effects: readonly Effect[];
  /** All reasons why parts of the call cannot be read. */
  readonly opaque: readonly Opaque[];
  readonly complexity?: Complexity;
}

/** The stricter of two operations. */
export function stricterOperation(a: Operation, b: Operation): Operation {
  return OPERATIONS.indexOf(a) <= OPERATIONS.indexOf(b) ? a : b;
}

/** A call as its tool gets it. */
export interface EffectfulCall {
  readonly tool: string;
  readonly params: JsonObject;
  /** Whether the tool may go to any host that its parameters name, as a database or a cluster does. */
  readonly reaches?: boolean;
}
