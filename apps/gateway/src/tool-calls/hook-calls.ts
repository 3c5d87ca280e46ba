import type { Hook, ToolCall } from '@iris/contracts';
import type { JsonDocument } from '@iris/json-document';
import type { HookCalls, ResponseSource, RewritableBody } from '../protocol/hook-calls.js';
import type { RequestedCall } from './formats/llm-format.js';
import { readProviderBody, rewriteProviderBody } from './provider-body.js';
import { readResponseCalls } from './response-calls.js';

/** The tool-calls room for Aperture's events: which tools are offered and which calls were made. */
export function readHookCalls(hook: Hook, document: JsonDocument): HookCalls {
  const { data } = hook;
  const response = readResponseCalls(data);
  const requested = [...response.calls, ...unreadableCalls(response.unreadable)];
  if (hook.event !== 'pre_request') {
    if (response.sources.length === 0) {
      return response.unreadable.length === 0
        ? { status: 'nothing_to_evaluate' }
        : { status: 'unreadable', reason: 'unknown_format' };
    }
    return { status: 'read', declared: [], calls: named(hook, requested), mismatch: response.mismatch };
  }
  const body = data.request_body === null ? undefined : document.at(['request_body']);
  if (body === undefined) {
    return requested.length === 0
      ? { status: 'nothing_to_evaluate' }
      : { status: 'read', declared: [], calls: requested };
  }
  const read = readProviderBody(body, hook.metadata.url ?? '');
  if (read.status === 'unreadable') return read;
  const rewritable: RewritableBody = {
    format: read.format,
    rewrite: (decisions) => rewriteProviderBody(read, decisions),
  };
  // Calls without a result in the body cannot be redacted in it, so they keep their phase and block when denied.
  const calls = [...read.executed, ...withOwnIds([...read.pending, ...requested], read.executed)];
  const { declared, unknownFields } = read;
  return { status: 'read', body: rewritable, declared, calls, unknownFields };
}

/** What cannot be read of a response may be a call, so it is judged as one, and is in evidence. */
function unreadableCalls(sources: readonly ResponseSource[]): RequestedCall[] {
  return sources.map((source) => {
    const name = `unrecognised:hook:${source}`;
    return { id: name, name, phase: 'requested', paramsStatus: 'not_object', serverSide: false };
  });
}

/** The calls under ids that no other call of the hook has. */
function withOwnIds(calls: readonly ToolCall[], others: readonly ToolCall[]): readonly ToolCall[] {
  if (calls.length === 0) return calls;
  const used = new Set(others.map(({ id }) => id));
  // One counter for all calls keeps this linear, whatever ids a body has.
  let count = 0;
  return calls.map((call) => {
    let { id } = call;
    while (used.has(id)) {
      count += 1;
      id = `${call.id}~${count}`;
    }
    used.add(id);
    return id === call.id ? call : { ...call, id };
  });
}

/** An agent's own hook is about one call, whose id is beside it. */
function named(hook: Hook, calls: readonly ToolCall[]): readonly ToolCall[] {
  const id = hook.metadata.request_id;
  return hook.event === 'pre_tool_use' && id !== undefined ? calls.map((call) => ({ ...call, id })) : calls;
}
