import type { ReasonId, ToolCall } from '@iris/contracts';
import type { HookCalls } from '../protocol/hook-calls.js';

/** Bounds on what is read of a hook. */
export interface CallLimits {
  readonly maxCalls: number;
  readonly maxResultsPerCall: number;
  readonly maxDeclaredTools: number;
  readonly maxIdLength: number;
  readonly maxNameLength: number;
}

/** The calls of a hook, or the limit that they exceed. A hook over a limit is judged as a whole: it cannot be read. */
export function withinLimits(calls: HookCalls, limits: CallLimits): HookCalls {
  if (calls.status !== 'read') return calls;
  const { maxCalls, maxDeclaredTools } = limits;
  if (calls.calls.length > maxCalls) return over('too_many_calls', `it has more than ${maxCalls} tool calls`);
  if (calls.declared.length > maxDeclaredTools) {
    return over('too_many_declared_tools', `it declares more than ${maxDeclaredTools} tools`);
  }
  for (const call of calls.calls) {
    const exceeded = callOver(call, limits);
    if (exceeded !== undefined) return exceeded;
  }
  const longNames = calls.declared.some((tool) => isLong(tool, limits.maxNameLength));
  return longNames ? longName(limits) : calls;
}

function callOver(call: ToolCall, limits: CallLimits): HookCalls | undefined {
  const { maxIdLength, maxResultsPerCall } = limits;
  if (call.id.length > maxIdLength) {
    return over('id_too_long', `the id of a tool call is longer than ${maxIdLength} characters`);
  }
  if (isLong(call, limits.maxNameLength)) return longName(limits);
  if ((call.resultCount ?? 0) > maxResultsPerCall) {
    return over('too_many_results', `a tool call has more than ${maxResultsPerCall} results`);
  }
  return undefined;
}

function isLong({ name, server }: { readonly name: string; readonly server?: string }, maxLength: number): boolean {
  return name.length > maxLength || (server !== undefined && server.length > maxLength);
}

function longName({ maxNameLength }: CallLimits): HookCalls {
  return over('name_too_long', `the name of a tool or server is longer than ${maxNameLength} characters`);
}

function over(reason: ReasonId, detail: string): HookCalls {
  return { status: 'unreadable', reason, detail };
}
