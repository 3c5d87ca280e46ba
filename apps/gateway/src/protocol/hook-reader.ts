import type { AgentHookFacts, Hook, ReasonId } from '@iris/contracts';
import type { HookCalls } from './hook-calls.js';
import type { IncomingHook } from './incoming-hook.js';

/** A hook with its tool calls, or why it cannot be read. */
export type HookReading =
  | { readonly ok: true; readonly hook: Hook; readonly calls: HookCalls }
  | { readonly ok: false; readonly reason: ReasonId; readonly detail: string; readonly agent?: AgentHookFacts };

/** Reads hooks from bytes to tool calls. */
export abstract class HookReader {
  /**
   * Never rejects.
   *
   * @param signal aborted when nobody waits for the verdict any more
   */
  abstract read(incoming: IncomingHook, signal: AbortSignal): Promise<HookReading>;
}
