import type { HookCallData, HookMetadata } from './aperture/hook-call-data.js';

/**
 * `pre_request`, `tool_call_entire_request` and `entire_request` are Aperture's events; `pre_tool_use` is the event of
 * an agent's own hook; `mcp_tools_call` is a request to an MCP server behind the MCP gateway.
 */
export const HOOK_EVENTS = [
  'pre_request',
  'tool_call_entire_request',
  'entire_request',
  'pre_tool_use',
  'mcp_tools_call',
] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** The events whose verdict is obeyed; the others come after the response. */
export const ENFORCEABLE_EVENTS: ReadonlySet<HookEvent> = new Set(['pre_request', 'pre_tool_use', 'mcp_tools_call']);

/** A hook that was authenticated, read and recognised. */
export interface Hook {
  readonly event: HookEvent;
  /** Name of the hook key that authenticated the call; never the key. */
  readonly keyName: string;
  /** Epoch ms. */
  readonly arrivedAt: number;
  readonly metadata: HookMetadata;
  readonly data: HookCallData;
  /** Top-level fields of the provider body that its format does not list, bounded. Absent when there are none. */
  readonly unknownFields?: readonly string[];
  /** Only for `pre_tool_use`. */
  readonly agent?: AgentHookFacts;
}

/** What an agent's own hook states about how it runs. The agent writes it, so it may only make a verdict stricter. */
export interface AgentHookFacts {
  /** Id of the agent, by the path of its hook. */
  readonly name?: string;
  /** Name of the event exactly as the agent spells it; absent where the body has none. */
  readonly event?: string;
  /** Permission mode exactly as the agent names it. */
  readonly permissionMode?: string;
  /** False where the agent asks no person, so that a question must be a denial. */
  readonly canAsk: boolean;
}
