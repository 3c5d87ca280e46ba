import type { JsonObject } from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ANA_KEY, BEN_KEY, type OpenGateway, openGateway } from '../testing/open-gateway.js';
import { json, PlainClient, ScriptedUpstream } from '../testing/scripted-upstream.js';

let gateway: OpenGateway;
let upstream: ScriptedUpstream;
let client: PlainClient;

beforeEach(async () => {
  upstream = new ScriptedUpstream('db', (message) => {
    const params = message.params as JsonObject;
    if ((params.arguments as JsonObject)?.ask === true && params.requestState === undefined) {
      return json(message, { resultType: 'input_required', inputRequests: {}, requestState: 'of the server' });
    }
    return json(message, { content: [], got: params });
  });
  gateway = await openGateway([upstream]);
  client = new PlainClient(`${gateway.url}/mcp/db`, ANA_KEY);
});
afterEach(() => gateway.close());

const calls = () => upstream.messages.filter(({ method }) => method === 'tools/call');
const accept = { action: 'accept', content: { confirm: true } };

describe('a call that a person must confirm, in a session', () => {
  async function answered(response: JsonObject): Promise<string> {
    await client.initialize({ elicitation: {} });
    const reply = await client.request('tools/call', { name: 'asked_tool', arguments: { n: 1 } });
    let received = '';
    for await (const chunk of reply.body ?? []) {
      const text = Buffer.from(chunk).toString();
      received += text;
      const id = /"id":"(iris-confirm-[^"]+)"/.exec(text)?.[1];
      if (id !== undefined) {
        expect(received).toContain('Really?');
        expect((await client.post({ jsonrpc: '2.0', id, result: response })).status).toBe(202);
      }
    }
    return received;
  }

  it('runs once it is confirmed', async () => {
    expect(await answered(accept)).toContain('"got"');
    expect(calls()).toHaveLength(1);
    expect(gateway.decider.calls.map(({ confirmed }) => confirmed)).toEqual([false, true]);
  });

  const REFUSALS: JsonObject[] = [
    { action: 'cancel' },
    { action: 'accept' },
    { action: 'accept', content: { confirm: false } },
  ];
  it.each(REFUSALS)('does not run after %j', async (response) => {
    expect(await answered(response)).toContain('not confirmed');
    expect(calls()).toEqual([]);
  });

  it('is denied where the client shows no question', async () => {
    await client.initialize({ elicitation: { url: {} } });
    expect(await client.call('asked_tool')).toMatchObject({ result: { isError: true } });
    expect(calls()).toEqual([]);
  });
});

describe('a call that a person must confirm, without a session', () => {
  const call = async (params: JsonObject, key = ANA_KEY): Promise<JsonObject> => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    };
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'asked_tool' };
    const of = new PlainClient(`${gateway.url}/mcp/db`, key);
    return (await (
      await of.request('tools/call', { name: 'asked_tool', ...params, _meta }, headers)
    ).json()) as JsonObject;
  };
  const inputResponses = { iris_confirmation: accept };

  async function stateFor(params: JsonObject): Promise<string> {
    const { result } = await call(params);
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: { iris_confirmation: {} } });
    return (result as { requestState: string }).requestState;
  }

  it('runs once with exactly the arguments that were confirmed', async () => {
    const requestState = await stateFor({ arguments: { n: 1 } });
    expect(calls()).toEqual([]);
    const other = await call({ arguments: { n: 2 }, requestState, inputResponses });
    expect(other).toMatchObject({ error: { code: -32602 } });
    const ben = await call({ arguments: { n: 1 }, requestState, inputResponses }, BEN_KEY);
    expect(ben).toMatchObject({ error: { code: -32602 } });
    const done = await call({ arguments: { n: 1 }, requestState, inputResponses });
    expect(done).toMatchObject({ result: { got: { name: 'asked_tool', arguments: { n: 1 } } } });
    expect((done.result as { got: JsonObject }).got).not.toHaveProperty('inputResponses');
    const again = await call({ arguments: { n: 1 }, requestState, inputResponses });
    expect(again).toMatchObject({ error: { code: -32602 } });
    expect(calls()).toHaveLength(1);
  });

  it.each([
    ['refused', { iris_confirmation: { action: 'decline' } }],
    ['left open', {}],
  ])('does not run when the question is %s', async (_title, responses) => {
    const requestState = await stateFor({ arguments: {} });
    const reply = await call({ arguments: {}, requestState, inputResponses: responses });
    expect(reply).toMatchObject({ result: { isError: true } });
    expect(calls()).toEqual([]);
  });

  it('stays confirmed through the questions of the server', async () => {
    const args = { arguments: { ask: true } };
    const first = await call({ ...args, requestState: await stateFor(args), inputResponses });
    const { requestState } = first.result as { requestState: string };
    expect(requestState).not.toBe('of the server');
    const done = await call({ ...args, requestState, inputResponses: { of_server: accept } });
    expect(done).toMatchObject({
      result: { got: { requestState: 'of the server', inputResponses: { of_server: accept } } },
    });
  });
});
