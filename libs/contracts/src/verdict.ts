import type { Json, JsonObject } from './json.js';
import type { ReasonId } from './reason-ids.js';
import type { ToolCall } from './tool-call.js';

/** Cerbos' two effects. */
export type Effect = 'ALLOW' | 'DENY';

/** What a policy rule said beside its effect. */
export interface PolicyOutput {
  /** `resource.<kind>.v<version>[/<scope>]#<rule>` */
  readonly source: string;
  readonly value?: Json;
  readonly error?: string;
}

/** The decision on one tool call. */
export interface CallDecision {
  readonly call: ToolCall;
  readonly effect: Effect;
  readonly reason: ReasonId;
  /** Shown to the end user on a deny: the rule's reason, never parameters or secrets. */
  readonly message?: string;
  /** HTTP status that a rule's output asks for on a deny. */
  readonly statusCode?: number;
  /** True when a rule's output asks that its denial is recorded and not enforced. */
  readonly observe: boolean;
  /** Rules that decided, as `<policy>#<rule>`. */
  readonly rules: readonly string[];
  readonly matchedPolicy?: string;
  readonly matchedScope?: string;
  readonly derivedRoles: readonly string[];
  readonly outputs: readonly PolicyOutput[];
  readonly cerbosCallId?: string;
  /** Verdicts on the effects of the call, in their order; absent when it has none that is checked. */
  readonly effects?: readonly EffectDecision[];
  /** Categories of what was denied: the tool's, or those of effects. Absent for an allow. */
  readonly deniedCategories?: readonly string[];
}

/** The verdict on one effect of a call. */
export interface EffectDecision {
  /** What the effect is: an element of the attribute `effects` of the call. */
  readonly summary: JsonObject;
  readonly effect: Effect;
  readonly rules: readonly string[];
}
