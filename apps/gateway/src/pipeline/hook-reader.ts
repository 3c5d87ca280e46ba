import type { Hook } from '@iris/contracts';
import type { JsonDocument } from '@iris/json-document';
import type { HookLimits } from '../hook/index.js';
import { readHook } from '../hook/index.js';
import type { HookCalls } from '../protocol/hook-calls.js';
import type { HookReading } from '../protocol/hook-reader.js';
import { HookReader } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { readHookCalls, withArgumentLimit, withinLimits } from '../tool-calls/index.js';

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
