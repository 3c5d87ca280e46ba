import { type Hook, type HookEvent, hookCallDataSchema, type ToolCall } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import { rememberedAs, verdictScope } from './remembered-as.js';

function hook(event: HookEvent, metadata: object = { request_id: 'r1', session_id: 's1' }): Hook {
  const data = hookCallDataSchema.parse({ metadata });
  return { event, keyName: 'k', arrivedAt: 0, metadata: data.metadata, data };
}

function call(id: string, params: ToolCall['params'] = { a: 1, b: [{ c: 1, d: 2 }] }): ToolCall {
  return { id, name: 'Bash', phase: 'requested', paramsStatus: 'ok', params };
}

const MADE = `call~${'0123456789ab'.repeat(2)}~1`;

function idsOf(of: Hook, calls: readonly ToolCall[]): string[][] {
  const names = rememberedAs(of, calls);
  return calls.map((each) => (names.get(each) ?? []).map(({ id }) => id));
}

describe('verdictScope', () => {
  it.each([
    [
      { session_id: 's', request_id: 'r' },
      { principal: 'ana', session: 's' },
    ],
    [
      { session_id: '', request_id: 'r' },
      { principal: 'ana', session: 'request:r' },
    ],
    [{ request_id: 'r' }, { principal: 'ana', session: 'request:r' }],
    [{ session_id: '', request_id: '' }, undefined],
    [{}, undefined],
  ])('of %j is %j', (metadata, scope) => {
    expect(verdictScope(hook('pre_request', metadata), 'ana')).toEqual(scope);
  });
});

describe('rememberedAs', () => {
  it('knows a call of a history by itself', () => {
    expect(idsOf(hook('pre_request'), [call('t1'), call(MADE)])).toEqual([['t1'], [MADE]]);
  });

  it('remembers nothing of a call that is about to be made', () => {
    expect(idsOf(hook('pre_tool_use'), [call('t1')])).toEqual([[]]);
  });

  it('knows a call of a response by its own id and by its request, however the event prints it', () => {
    const [[, shared] = []] = idsOf(hook('entire_request'), [call('t1')]);
    expect(shared).toMatch(/^request:r1:/);
    const reordered = call(MADE, { b: [{ d: 2, c: 1 }], a: 1 });
    expect(idsOf(hook('tool_call_entire_request'), [reordered])).toEqual([[shared]]);
  });

  it('takes absent parameters for empty ones, which events do not tell apart', () => {
    const empty = idsOf(hook('entire_request'), [call(MADE, {})]);
    const absent: ToolCall = { id: MADE, name: 'Bash', phase: 'requested', paramsStatus: 'not_object' };
    expect(idsOf(hook('entire_request'), [absent])).toEqual(empty);
  });

  it('counts equal calls, and tells other ones and other requests apart', () => {
    const ids = [
      ...idsOf(hook('entire_request'), [call(MADE), call(MADE), call(MADE, { a: 2 }), { ...call(MADE), name: 'Read' }]),
      ...idsOf(hook('entire_request', { request_id: 'r2' }), [call(MADE)]),
    ].flat();
    expect(new Set(ids).size).toBe(5);
  });

  it('knows by nothing a call without an id in a response without a request', () => {
    expect(idsOf(hook('entire_request', { request_id: '' }), [call(MADE), call('t1')])).toEqual([[], ['t1']]);
  });
});
