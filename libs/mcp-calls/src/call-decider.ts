import type { Identity, ReasonId, ToolParams } from '@iris/contracts';
import type { CallerMark } from '@iris/decision';

/** Who sends a request, as it was authenticated. */
export interface Caller {
  readonly who: Identity;
  /** Name of the key or of the way of authentication; never a credential. */
  readonly keyName: string;
  /** The gateway that asks on behalf of the person, where it is another one than Iris' own. */
  readonly mark?: CallerMark;
}

/** The place of a call: what is the same for all calls of one client. */
export interface CallOrigin {
  readonly caller: Caller;
  readonly sessionId?: string;
  readonly userAgent?: string;
  /** What the client calls itself (`clientInfo`): as little proven as a user agent. */
  readonly client?: ClientInfo;
}

export interface ClientInfo {
  readonly name: string;
  readonly version?: string;
}

/** A use of an MCP server that is decided before it is forwarded. */
export interface McpCall extends ToolParams {
  readonly origin: CallOrigin;
  /** Id of the server in the catalog. */
  readonly server: string;
  /** Method of the protocol. */
  readonly method: string;
  /** Name of the tool; absent for a use of the server itself. */
  readonly tool?: string;
  /** The model provider's id of the call, where the client states it: joins the records of one call. */
  readonly toolUseId?: string;
  /** Whether its person can be asked for a confirmation. */
  readonly canAsk: boolean;
  /** Whether the person has confirmed this call, with exactly these arguments. */
  readonly confirmed?: boolean;
}

export type CallVerdict =
  | { readonly action: 'allow'; readonly reason: ReasonId }
  | { readonly action: 'deny'; readonly reason: ReasonId; readonly message: string }
  | { readonly action: 'ask'; readonly reason: ReasonId; readonly message: string };

/** A tool as its server lists it. */
export interface ListedTool {
  readonly server: string;
  readonly name: string;
}

export interface ToolVisibility {
  /** Tools that are never allowed, as `server` and `name` in JSON. */
  readonly hidden: ReadonlySet<string>;
  /** How long the answer holds, in ms. */
  readonly ttlMs: number;
}

export function toolKey({ server, name }: ListedTool): string {
  return JSON.stringify([server, name]);
}

/** Decides on calls. Injected as a token, so that the forwarding needs no PDP in its unit specs. */
export abstract class CallDecider {
  /** Never rejects: what cannot be decided is answered by the failure mode. */
  abstract decide(call: McpCall): Promise<CallVerdict>;
  /** Never rejects: what cannot be decided is shown, and decided when it is called. */
  abstract visibility(origin: CallOrigin, tools: readonly ListedTool[]): Promise<ToolVisibility>;
  /** Calls back when facts of a principal change, or may have changed. @returns a function that ends it */
  abstract onFactsChanged(listener: (concerns: (principalId: string) => boolean) => void): () => void;
}
