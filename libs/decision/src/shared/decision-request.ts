import type { HookEvent, Identity, JsonObject } from '@iris/contracts';

/** A request for decisions, from whichever entry point it comes. */
export interface DecisionRequest {
  readonly event: HookEvent;
  /** Name of the key that authenticated the request; never the key. */
  readonly keyName: string;
  /** Where the request came in: `aperture`, the id of an agent, or `mcp`. */
  readonly entryPoint?: string;
  /** Epoch ms. */
  readonly arrivedAt: number;
  readonly who: Identity;
  /** Id that the caller gave the request. */
  readonly requestId?: string;
  /** Session in which ids of calls are unique. */
  readonly sessionId?: string;
  readonly userAgent?: string;
  /** Top-level fields of the body that its format does not list. */
  readonly unknownFields?: readonly string[];
  /** What policies see of the request with each of its calls, apart from its time. */
  readonly attributes: JsonObject;
  /** The attributes that are the same for the whole session, with which tools are planned. */
  readonly sessionAttributes: JsonObject;
}
