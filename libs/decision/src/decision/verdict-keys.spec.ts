import { type HookEvent, type Identity, type ToolCall } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import type { DecisionRequest } from '../shared/decision-request.js';
import { requestOf } from '../testing/index.js';
import { verdictKeys, verdictScope } from './verdict-keys.js';

function request(event: HookEvent, changes: Partial<DecisionRequest> = { requestId: 'r1', sessionId: 's1' }) {
  return requestOf({ event, ...changes });
}

function call(id: string, params: ToolCall['params'] = { a: 1, b: [{ c: 1, d: 2 }] }): ToolCall {
  return { id, name: 'Bash', phase: 'requested', paramsStatus: 'ok', params };
}

const executed = (id: string, rest: Partial<ToolCall> = {}): ToolCall => ({ ...call(id), phase: 'executed', ...rest });

const MADE = `call~${'0123456789ab'.repeat(2)}~1`;
const MADE_AGAIN = `t1~${'0123456789ab'.repeat(2)}~2`;

function idsOf(of: DecisionRequest, calls: readonly ToolCall[]): string[][] {
  const names = verdictKeys(of, calls);
  return calls.map((each) => (names.get(each)?.names ?? []).map(({ id }) => id));
}

function isRecalled(of: ToolCall): boolean | undefined {
  return verdictKeys(request('pre_request'), [of]).get(of)?.recalled;
}

describe('verdictScope', () => {
  const ana: Identity = { kind: 'user', id: 'ana', loginName: 'ana', nodeId: 'n1', tailnet: 't', capabilities: {} };
  const scope = (changes: Partial<DecisionRequest> = {}, identity: Partial<Identity> = {}) =>
    verdictScope(
      requestOf({ sessionId: 's', requestId: 'r', userAgent: 'cli/1', ...changes, who: { ...ana, ...identity } }),
    );

  it('is the same for every request of a session, and does not reveal it', () => {
    expect(scope({ requestId: 'r2', attributes: { model: 'm' } })).toBe(scope());
    expect(scope()).toMatch(/^[\w-]{43}$/);
  });

  it('is another one for another set of unknown fields', () => {
    const withFields = (...unknownFields: string[]) =>
      verdictScope(requestOf({ sessionId: 's', unknownFields, who: ana }));
    expect(withFields('a', 'b')).toBe(withFields('b', 'a'));
    expect(new Set([withFields(), withFields('a'), withFields('a', 'b')]).size).toBe(3);
    expect(withFields()).toBe(verdictScope(requestOf({ sessionId: 's', who: ana })));
  });

  it.each<[string, Partial<DecisionRequest>, Partial<Identity>]>([
    ['session', { sessionId: 's2' }, {}],
    ['person', {}, { id: 'ben' }],
    ['device', {}, { nodeId: 'n2' }],
    ['device that is not named', {}, { nodeId: undefined }],
    ['client', { userAgent: 'curl/8' }, {}],
    ['tailnet', {}, { tailnet: 'other' }],
    ['right', {}, { capabilities: { 'iris.dev/cap/roles': [{ roles: ['admin'] }] } }],
  ])('is another one for another %s', (_title, metadata, identity) => {
    expect(scope(metadata, identity)).not.toBe(scope());
  });

  it('does not depend on the order in which rights are printed', () => {
    expect(scope({}, { capabilities: { a: 1, b: 2 } })).toBe(scope({}, { capabilities: { b: 2, a: 1 } }));
  });

  it('is the request where there is no session, and none without either', () => {
    expect(scope({ sessionId: '' })).not.toBe(scope({ sessionId: '', requestId: 'r2' }));
    expect(scope({ sessionId: '', requestId: '' })).toBeUndefined();
  });
});

describe('verdictKeys', () => {
  it('names a call of a history by its own id', () => {
    expect(idsOf(request('pre_request'), [executed('t1'), executed(MADE)])).toEqual([['t1'], [MADE]]);
  });

  it('remembers nothing of a call that is about to run', () => {
    expect(idsOf(request('pre_tool_use'), [call('t1')])).toEqual([[]]);
    expect(idsOf(request('pre_request'), [call('t1')])).toEqual([[]]);
  });

  it.each([
    ['of the provider', executed('t1', { inNewestTurn: true }), true],
    ['that was made, of an older turn', executed(MADE, { inNewestTurn: false }), true],
    ['that was made, of the newest turn', executed(MADE, { inNewestTurn: true }), false],
    ['that was made for a repeated one, of the newest turn', executed(MADE_AGAIN, { inNewestTurn: true }), false],
    ['that was made, of a turn that is not known', executed(MADE), false],
  ])('a call with an id %s', (_title, of, recalled) => {
    expect(isRecalled(of)).toBe(recalled);
  });

  it('names a call of a response by its own id and by its request, however the event prints it', () => {
    const [[, shared] = []] = idsOf(request('entire_request'), [call('t1')]);
    expect(shared).toMatch(/^request:r1:/);
    const reordered = call(MADE, { b: [{ d: 2, c: 1 }], a: 1 });
    expect(idsOf(request('tool_call_entire_request'), [reordered])).toEqual([[shared]]);
  });

  it('takes absent parameters for empty ones, which events do not tell apart', () => {
    const empty = idsOf(request('entire_request'), [call(MADE, {})]);
    const absent: ToolCall = { id: MADE, name: 'Bash', phase: 'requested', paramsStatus: 'not_object' };
    expect(idsOf(request('entire_request'), [absent])).toEqual(empty);
  });

  it('counts equal calls, and distinguishes others and other requests', () => {
    const ids = [
      ...idsOf(request('entire_request'), [
        call(MADE),
        call(MADE),
        call(MADE, { a: 2 }),
        { ...call(MADE), name: 'Read' },
      ]),
      ...idsOf(request('entire_request', { requestId: 'r2' }), [call(MADE)]),
    ].flat();
    expect(new Set(ids).size).toBe(5);
  });

  it('has no name for a call without an id in a response without a request', () => {
    expect(idsOf(request('entire_request', { requestId: '' }), [call(MADE), call('t1')])).toEqual([[], ['t1']]);
  });
});
