import type { AgentHookFacts, Hook, ReasonId } from '@iris/contracts';
import type { JsonDocument } from '@iris/json-document';
import type { HookLimits } from '../hook/hook-limits.js';
import { type IncomingHook, readHook } from '../hook/read-hook.js';
import { type HookCalls, readHookCalls, withArgumentLimit, withinLimits } from '../tool-calls/index.js';

/** A hook with its tool calls, or why it cannot be read. */
export type HookReading =
  | { readonly ok: true; readonly hook: Hook; readonly calls: HookCalls }
  | { readonly ok: false; readonly reason: ReasonId; readonly detail: string; readonly agent?: AgentHookFacts };

/** Reads hooks from bytes to tool calls. */
export interface HookReader {
  /**
   * Never rejects.
   *
   * @param signal aborted when nobody waits for the verdict any more
   */
  read(incoming: IncomingHook, signal: AbortSignal): Promise<HookReading>;
}

/** Reads hooks on the event loop: the fastest way for small ones. */
export class InThreadHookReader implements HookReader {
  constructor(private readonly limits: HookLimits) {}

  async read(incoming: IncomingHook): Promise<HookReading> {
    const read = await readHook(incoming, this.limits);
    if (!read.ok) return read;
    return { ok: true, hook: read.hook, calls: callsOf(read.hook, read.document, this.limits) };
  }
}

/** An agent's event that precedes no call carries none, which is an answer and not a hook without content. */
function callsOf(hook: Hook, document: JsonDocument, limits: HookLimits): HookCalls {
  const carriesNone =
    hook.agent !== undefined && Array.isArray(hook.data.tool_calls) && hook.data.tool_calls.length === 0;
  if (carriesNone) return { status: 'read', declared: [], calls: [] };
  const calls = withArgumentLimit(limits.maxNodes, () => readHookCalls(hook, document));
  return withinLimits(calls, limits);
}
