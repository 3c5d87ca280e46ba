import type { HookEvent } from '@iris/contracts';
import type { AgentId } from '../agents/agent-protocol.js';

/** Who an agent's own hook is from: by the hook key or by the tailnet's proxy, never by a claim in the body. */
export interface AgentIdentity {
  /** By the path of the hook. */
  readonly agent: AgentId;
  readonly loginName?: string;
  readonly userAgent?: string;
}

/** A request on a hook path, authenticated and not yet read. */
export interface IncomingHook {
  /** From the route; undefined on the path that all of Aperture's events share. */
  readonly routeEvent: HookEvent | undefined;
  readonly keyName: string;
  /** Epoch ms. */
  readonly arrivedAt: number;
  readonly body: Buffer;
  readonly contentCoding: string | undefined;
  /** Only for `pre_tool_use`. */
  readonly agent?: AgentIdentity;
}
