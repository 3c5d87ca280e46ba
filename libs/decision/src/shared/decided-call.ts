import type { Effect } from '@iris/call-effects';
import type { CallDecision, JsonObject, PrincipalContext, SourceId, ToolCall } from '@iris/contracts';
import type { PdpPrincipal } from '@iris/pdp';

/** Which policies decide. */
export interface PolicySelection {
  readonly resourceKind: string;
  readonly policyVersion: string;
  readonly scope: string;
}

/** Which source a flattened attribute is from, and its age in s: for evidence, not for policies. */
export type AttributeOrigins = Readonly<Record<string, { readonly source: SourceId; readonly ageSeconds?: number }>>;

/** Everything about the principal that checks and plans of one request share. */
export interface PreparedPrincipal {
  readonly principal: PdpPrincipal;
  readonly origins: AttributeOrigins;
  /** The facts of each source with their status and expiry: for evidence, not for policies. */
  readonly sources: PrincipalContext['sources'];
  /** Whether the request names neither a person nor a device. */
  readonly anonymous: boolean;
}

/** Facts about resources, by the call or the effect that acts on them. */
export type ResourceFactsByPart = ReadonlyMap<ToolCall | Effect, JsonObject>;

/** An effect that the PDP is asked about. */
export interface EffectPart {
  readonly effect: Pick<Effect, 'program' | 'target' | 'advice'>;
  /** The effect in the attribute `effects` of its call. */
  readonly summary: JsonObject;
  /** Attributes of the resource that represents it. */
  readonly attr: JsonObject;
}

/** A call with its decision and the attributes that the PDP was given for it. */
export interface DecidedCall {
  readonly decision: CallDecision;
  readonly attr: JsonObject;
  /** The effects of the call that the PDP was asked about. */
  readonly parts: readonly EffectPart[];
  /** Entry of the tool catalog that matched. */
  readonly catalogEntry?: string;
  /** Which policies decided, where they are not those of tool calls. */
  readonly policies?: PolicySelection;
}
