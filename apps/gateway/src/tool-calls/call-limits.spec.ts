import type { ToolCall } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import type { HookCalls } from '../protocol/hook-calls.js';
import { withinLimits } from './call-limits.js';

const limits = { maxCalls: 3, maxResultsPerCall: 2, maxDeclaredTools: 2, maxIdLength: 10, maxNameLength: 8 };

function call(rest: Partial<ToolCall> = {}): ToolCall {
  return { id: 'i', name: 'n', phase: 'executed', paramsStatus: 'not_object', ...rest };
}

function hook(calls: ToolCall[], declared: { name: string; server?: string }[] = []): HookCalls {
  return { status: 'read', calls, declared: declared.map((tool) => ({ kind: 'tool', key: tool.name, ...tool })) };
}

describe('withinLimits', () => {
  it.each([
    ['too_many_calls', hook([call(), call(), call(), call()])],
    ['too_many_declared_tools', hook([], [{ name: 'a' }, { name: 'b' }, { name: 'c' }])],
    ['too_many_results', hook([call(), call({ resultCount: 3 })])],
    ['id_too_long', hook([call({ id: 'i'.repeat(11) })])],
    ['name_too_long', hook([call({ name: 'n'.repeat(9) })])],
    ['name_too_long', hook([call({ server: 's'.repeat(9) })])],
    ['name_too_long', hook([], [{ name: 'n'.repeat(9) }])],
    ['name_too_long', hook([], [{ name: 'n', server: 's'.repeat(9) }])],
  ])('refuses a hook for %s', (reason, calls) => {
    expect(withinLimits(calls, limits)).toEqual({ status: 'unreadable', reason, detail: expect.any(String) });
  });

  it('passes a hook that fills every limit', () => {
    const full = hook(
      Array(3).fill(call({ id: 'i'.repeat(10), name: 'n'.repeat(8), server: 's'.repeat(8), resultCount: 2 })),
      [{ name: 'n'.repeat(8) }, { name: 'm', server: 's'.repeat(8) }],
    );
    expect(withinLimits(full, limits)).toBe(full);
  });
});
