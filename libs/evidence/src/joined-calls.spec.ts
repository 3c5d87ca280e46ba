import { describe, expect, it } from '@jest/globals';
import { type CallStatement, joinCalls } from './joined-calls.js';

let count = 0;

/** @param minute when */
function record(entryPoint: string, minute: number, rest: Partial<CallStatement> = {}): CallStatement {
  count += 1;
  const event = { aperture: 'pre_request', mcp: 'mcp_tools_call' }[entryPoint] ?? 'pre_tool_use';
  return {
    id: `${entryPoint}-${count}`,
    time: new Date(Date.UTC(2026, 0, 1, 10, 0) + minute * 60_000).toISOString(),
    entryPoint,
    event,
    phase: 'requested',
    action: 'mcp__postgres__query',
    effect: 'DENY',
    reason: 'policy_denied',
    mode: 'enforce',
    reply: 'block',
    enforced: true,
    ...rest,
  };
}

const joined = (...records: CallStatement[]): (string | undefined)[][] =>
  joinCalls(records).map(({ statements }) => statements.map(({ entryPoint }) => entryPoint));

const keys = (content: string, id?: string) => ({ callKeys: { content, ...(id === undefined ? {} : { id }) } });

describe('joinCalls', () => {
  it('joins the statements of three entry points by the id of the call, the oldest first', () => {
    expect(
      joined(
        record('aperture', 3, keys('a', '1')),
        record('mcp', 2, keys('c', '1')),
        record('claude', 1, keys('b', '1')),
      ),
    ).toEqual([['claude', 'mcp', 'aperture']]);
  });

  it('joins by content where one of them has no id, and finds the id from there on', () => {
    expect(
      joined(
        record('gemini', 1, keys('a')),
        record('mcp', 2, keys('a')),
        record('aperture', 3, keys('a', '1')),
        record('aperture', 40, { ...keys('other', '1'), event: 'entire_request' }),
      ),
    ).toEqual([['gemini', 'mcp', 'aperture', 'aperture']]);
  });

  it.each<[string, CallStatement, CallStatement]>([
    ['ids of their own', record('claude', 1, keys('a', '1')), record('aperture', 2, keys('a', '2'))],
    ['other content', record('gemini', 1, keys('a')), record('aperture', 2, keys('b'))],
    ['the same event', record('gemini', 1, keys('a')), record('codex', 2, keys('a'))],
    ['a stage that the first has passed', record('aperture', 1, keys('a', '1')), record('gemini', 2, keys('a'))],
    ['a long time between them', record('gemini', 1, keys('a')), record('aperture', 12, keys('a'))],
  ])('keeps calls apart with %s', (_title, one, other) => {
    expect(joinCalls([one, other])).toHaveLength(2);
  });

  it('gives equal calls their own statements in their order', () => {
    expect(
      joined(
        record('gemini', 1, keys('a')),
        record('aperture', 2, keys('a')),
        record('gemini', 3, keys('a')),
        record('aperture', 4, keys('a')),
      ),
    ).toEqual([
      ['gemini', 'aperture'],
      ['gemini', 'aperture'],
    ]);
  });

  it('joins records of earlier releases by the key of the decision, and leaves out what is no decision on a call', () => {
    const old = { decisionKey: 'k', entryPoint: undefined };
    const all = [
      record('aperture', 1, old),
      record('aperture', 2, old),
      record('aperture', 3, { ...old, mode: 'shadow' }),
      record('aperture', 4, { action: undefined }),
    ];
    expect(joinCalls(all).map(({ statements }) => statements.length)).toEqual([2]);
  });

  it('takes linear time for many equal calls', () => {
    const all = Array.from({ length: 20_000 }, () => record('gemini', 1, keys('a')));
    expect(joinCalls(all)).toHaveLength(20_000);
  });
});
