import { promisify } from 'node:util';
import { Client, credentials, Metadata, type requestCallback } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { ExtMcpClient } from '../../apps/pdp-proxy/src/ext-authz/generated/agentgateway/ext_mcp.js';
import { RunningProxy } from './running-proxy.js';

const KEY = 'envoy-key-0123456789abcdef';
const ANA = 'ana@acme.example';

/** What Envoy sends, with fields that Iris does not read. */
interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly raw_body?: Uint8Array;
  readonly size?: number;
  readonly login?: string;
  readonly filter?: Record<string, unknown>;
  readonly extensions?: Record<string, string>;
}

interface CheckAnswer {
  readonly status?: { readonly code?: number };
  readonly denied_response?: { readonly status: { readonly code: number }; readonly body: string };
  readonly ok_response?: object;
}

let running: RunningProxy;
let client: Client;
let extMcp: ExtMcpClient;
let root: protobuf.Root;
const key = new Metadata();
key.set('x-api-key', KEY);

beforeAll(async () => {
  running = await RunningProxy.start({
    policies: 'test/pdp-proxy/gateway-policies',
    mapping: {
      gateways: {
        person: [
          { metadata: ['envoy.filters.http.jwt_authn', 'payload', 'email'] },
          { metadata: ['jwt', 'email'] },
          { header: 'x-verified-login' },
        ],
        servers: { 'ledger-backend': 'ledger' },
        http: { headers: ['x-tenant'] },
      },
    },
    callers: {
      callers: {
        envoy: { keys: [KEY], kinds: ['aperture_hook', 'http_request'] },
        reports: { keys: ['reports-key-0123456789abc'], kinds: ['http_request'] },
      },
    },
    environment: { IRIS_CATALOG_FILE: 'policies/catalog.yaml' },
  });
  await running.hold(ANA, 'okta', { department: 'Finance', groups: [] });
  await running.hold(ANA, 'servicenow', undefined);
  await running.hold('ben@acme.example', 'okta', { department: 'Legal', groups: [] });
  await running.hold('ben@acme.example', 'servicenow', undefined);
  client = new Client(running.proxy.grpcTarget, credentials.createInsecure());
  extMcp = new ExtMcpClient(running.proxy.grpcTarget, credentials.createInsecure());
  root = await new protobuf.Root().load('test/pdp-proxy/envoy-external-auth.proto', { keepCase: true });
});

afterAll(async () => {
  client?.close();
  extMcp?.close();
  await running?.stop();
});

function struct(value: Record<string, unknown>): object {
  const toValue = (item: unknown): object => {
    if (typeof item === 'string') return { string_value: item };
    if (typeof item === 'number') return { number_value: item };
    return { struct_value: struct(item as Record<string, unknown>) };
  };
  return { fields: Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toValue(item)])) };
}

async function check(sent: Sent, metadata = key): Promise<CheckAnswer> {
  const request = root.lookupType('envoy.service.auth.v3.CheckRequest');
  const answer = root.lookupType('envoy.service.auth.v3.CheckResponse');
  const { login = ANA, filter, extensions = {}, ...http } = sent;
  const filters = {
    ...(login === '' ? {} : { 'envoy.filters.http.jwt_authn': struct({ payload: { email: login } }) }),
    ...(filter === undefined ? {} : { 'envoy.filters.http.mcp': struct(filter) }),
  };
  const message = {
    attributes: {
      source: { address: { socket_address: { address: '10.0.0.9', port_value: 4711 } }, labels: { a: 'b' } },
      request: {
        time: { seconds: 1 },
        http: { id: 'r1', method: 'POST', path: '/mcp', host: 'ledger-backend', fragment: '', ...http },
      },
      context_extensions: extensions,
      metadata_context: { filter_metadata: filters },
      tls_session: { sni: 'x' },
      of_a_later_version: 'new',
    },
  };
  const call = promisify((callback: requestCallback<CheckAnswer>) =>
    client.makeUnaryRequest(
      '/envoy.service.auth.v3.Authorization/Check',
      (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
      (bytes: Buffer) => answer.toObject(answer.decode(bytes)) as CheckAnswer,
      message,
      metadata,
      callback,
    ),
  );
  return (await call()) as CheckAnswer;
}

const call = (name: string, args: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args } });

const ofServer = { 'iris.dev/mcp-server': 'ledger' };

/** The error of a JSON-RPC answer, or undefined for a request that passes. */
function errorOf({ status, denied_response }: CheckAnswer) {
  if (denied_response === undefined) {
    expect(status?.code ?? 0).toBe(0);
    return undefined;
  }
  expect([status?.code, denied_response.status.code]).toEqual([7, 200]);
  const { id, error } = JSON.parse(denied_response.body);
  return { id, ...error };
}

describe('an MCP request that Envoy asks about', () => {
  it('passes where policies allow the tool to its person', async () => {
    expect(errorOf(await check({ body: call('book', { amount: 5 }), extensions: ofServer }))).toBeUndefined();
    expect(
      errorOf(await check({ raw_body: Buffer.from(call('book', { amount: 5 })), extensions: ofServer })),
    ).toBeUndefined();
  });

  it('is denied with the message of the rule', async () => {
    expect(errorOf(await check({ body: call('book', { amount: 5000 }), extensions: ofServer }))).toMatchObject({
      id: 7,
      code: -32001,
      message: expect.stringContaining('Bookings above 1000 need a person.'),
    });
  });

  it('is denied to another person, and to nobody', async () => {
    for (const login of ['ben@acme.example', '']) {
      const answer = await check({ body: call('book', { amount: 5 }), extensions: ofServer, login });
      expect(errorOf(answer)).toMatchObject({ code: -32001 });
    }
  });

  it('is of the server that the configuration of the route names, whatever host its client states', async () => {
    const other = await check({ body: call('book', { amount: 5 }), extensions: { 'iris.dev/mcp-server': 'other' } });
    expect(errorOf(other)).toMatchObject({ code: -32001 });
    const filter = { method: 'tools/call', id: 9, params: { name: 'book', arguments: { amount: 5 } } };
    const named = { 'iris.dev/mcp-server': 'ledger-backend' };
    expect(errorOf(await check({ filter, host: 'elsewhere', extensions: named }))).toBeUndefined();
    expect(errorOf(await check({ filter, extensions: { 'iris.dev/mcp-server': 'elsewhere' } }))).toMatchObject({
      id: 9,
      code: -32001,
    });
    expect(errorOf(await check({ filter, host: 'ledger-backend' }))).toMatchObject({ id: 9, code: -32600 });
  });

  it.each<[string, Sent]>([
    [
      'metadata without arguments',
      { filter: { method: 'tools/call', params: { name: 'book' } }, extensions: ofServer },
    ],
    ['fewer bytes than its size', { body: call('book', { amount: 5 }), size: 5000, extensions: ofServer }],
    ['no body and no metadata', { extensions: ofServer }],
    [
      'a body in part',
      { body: call('book', {}), headers: { 'x-envoy-auth-partial-body': 'true' }, extensions: ofServer },
    ],
    ['a batch', { body: `[${call('book', { amount: 5 })}]`, extensions: ofServer }],
    ['an unknown method', { body: '{"jsonrpc":"2.0","id":1,"method":"tools/run"}', extensions: ofServer }],
    [
      'a duplicate of a name',
      { body: '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', extensions: ofServer },
    ],
    ['a request without an id', { body: '{"jsonrpc":"2.0","method":"tools/call"}', extensions: ofServer }],
    ['no JSON', { body: '{', extensions: ofServer }],
  ])('is refused with %s', async (_title, sent) => {
    expect(errorOf(await check(sent))).toMatchObject({ code: expect.any(Number) });
  });

  it('passes what uses nothing', async () => {
    for (const method of ['initialize', 'ping', 'tools/list']) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} });
      expect(errorOf(await check({ body, extensions: ofServer }))).toBeUndefined();
    }
    const body = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
    expect(errorOf(await check({ body, extensions: ofServer }))).toBeUndefined();
    expect(errorOf(await check({ method: 'GET', extensions: ofServer }))).toBeUndefined();
  });

  it('is recorded with the gateway that asked', async () => {
    await check({ body: call('book', { amount: 6 }), extensions: ofServer });
    const record = (await running.records()).findLast(({ event }) => event === 'mcp_tools_call');
    expect(record).toMatchObject({
      caller: { name: 'envoy', by: 'key', protocol: 'ext_authz' },
      principal: { id: ANA },
    });
  });
});

describe('an HTTP request that Envoy asks about', () => {
  const get = { method: 'GET', path: '/reports/2026?full=1', host: 'api.acme.example' };

  it('passes where policies allow it', async () => {
    expect(await check(get)).toMatchObject({ ok_response: {} });
    const posted = { ...get, method: 'POST', path: '/x', headers: { 'x-tenant': 'acme' } };
    expect(await check(posted)).toMatchObject({ ok_response: {} });
  });

  it('is denied with 403 and the message of the rule', async () => {
    const answer = await check({ ...get, login: 'ben@acme.example' });
    expect(answer.denied_response?.status.code).toBe(403);
    expect(JSON.parse(answer.denied_response?.body ?? '')).toMatchObject({ detail: 'Reports are for Finance.' });
    expect((await check({ ...get, login: '' })).denied_response?.status.code).toBe(403);
  });

  it.each([
    '/reports/../admin',
    '/reports/%2e%2e/admin',
    '/reports//admin',
    '/reports/..%2fadmin',
    '/reports/a;b',
    '/reports/%zz',
    '/reports/a\\b',
  ])('is denied where a server may read the path %s as another one', async (path) => {
    expect((await check({ ...get, path })).denied_response?.status.code).toBe(400);
  });

  it('is denied when its attributes are missing, and to a caller without a key', async () => {
    await expect(check(get, new Metadata())).rejects.toMatchObject({ code: 16 });
  });
});

describe('the plain HTTP form', () => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${running.proxy.httpUrl}/ext-authz${path}`, {
      ...init,
      headers: { 'x-api-key': KEY, 'x-verified-login': ANA, ...init.headers },
    });

  it('answers 200 to what passes and 403 to what does not', async () => {
    expect((await ask('/http/reports/1?x=2')).status).toBe(200);
    const denied = await ask('/http/reports/1', { headers: { 'x-verified-login': 'ben@acme.example' } });
    expect([denied.status, await denied.json()]).toEqual([
      403,
      expect.objectContaining({ detail: 'Reports are for Finance.' }),
    ]);
    expect((await ask('/http/admin')).status).toBe(403);
  });

  it('does not take the credentials of the client for those of the proxy', async () => {
    expect((await ask('/http/reports/1', { headers: { authorization: 'Bearer of-the-client' } })).status).toBe(200);
    const response = await fetch(`${running.proxy.httpUrl}/ext-authz/http/reports/1`, {
      headers: { authorization: `Bearer ${KEY}`, 'x-verified-login': ANA },
    });
    expect(response.status).toBe(401);
  });

  it('judges an MCP request by its body', async () => {
    const post = (body: string) => ask('/mcp/ledger/mcp', { method: 'POST', body });
    expect((await post(call('book', { amount: 5 }))).status).toBe(200);
    const denied = await post(call('book', { amount: 5000 }));
    expect([denied.status, await denied.json()]).toMatchObject([403, { error: { code: -32001 } }]);
    expect((await ask('/mcp/other/mcp', { method: 'POST', body: call('book', { amount: 5 }) })).status).toBe(403);
    expect((await post('')).status).toBe(403);
  });

  it('refuses kinds that the caller may not ask about', async () => {
    const headers = { 'x-api-key': 'reports-key-0123456789abc' };
    expect((await ask('/http/reports/1', { headers })).status).toBe(200);
    expect((await ask('/mcp/ledger/mcp', { method: 'POST', body: call('book', { amount: 5 }), headers })).status).toBe(
      403,
    );
  });
});

describe('agentgateway', () => {
  const metadataContext = { jwt: { email: ANA } };
  const request = (method: string, params: object | undefined, serviceNames = ['ledger-backend']) =>
    new Promise<Awaited<ReturnType<typeof resultOf>>>((resolve, reject) => {
      extMcp.checkRequest(
        {
          serviceNames,
          method,
          metadataContext,
          mcpRequest: params === undefined ? undefined : Buffer.from(JSON.stringify(params)),
          headers: [{ key: 'Mcp-Session-Id', value: Buffer.from('s1') }],
        },
        key,
        (error, answer) => (error === null ? resolve(resultOf(answer.result)) : reject(error)),
      );
    });
  const resultOf = (result: { $case: string; value: unknown } | undefined) => result;

  it('lets a call pass, or denies it with the message of the rule', async () => {
    expect(await request('tools/call', { name: 'book', arguments: { amount: 5 } })).toMatchObject({ $case: 'pass' });
    const denied = await request('tools/call', { name: 'book', arguments: { amount: 5000 } });
    expect(denied).toMatchObject({
      $case: 'error',
      value: { code: 'PERMISSION_DENIED', reason: expect.stringContaining('Bookings above 1000') },
    });
  });

  it('denies a request that fans out to a server that is not allowed, and one that names none', async () => {
    const params = { name: 'book', arguments: { amount: 5 } };
    expect(await request('tools/call', params, ['ledger', 'other'])).toMatchObject({ $case: 'error' });
    expect(await request('tools/call', params, [])).toMatchObject({ value: { code: 'INVALID' } });
  });

  it('refuses a call without a name, and an unknown method', async () => {
    expect(await request('tools/call', undefined)).toMatchObject({ value: { code: 'INVALID' } });
    expect(await request('tools/run', {})).toMatchObject({ value: { code: 'INVALID' } });
    expect(await request('tools/list', undefined)).toMatchObject({ $case: 'pass' });
  });

  it('leaves tools that are never allowed out of a listing, and nothing else', async () => {
    const listing = (serviceNames: string[], names: string[]) =>
      new Promise<unknown>((resolve, reject) => {
        const tools = names.map((name) => ({ name, inputSchema: { type: 'object' } }));
        extMcp.checkResponse(
          {
            serviceNames,
            method: 'tools/list',
            metadataContext,
            mcpResponse: Buffer.from(JSON.stringify({ tools, n: 1 })),
          },
          key,
          (error, { result } = { result: undefined }) => {
            if (error !== null) return reject(error);
            resolve(result?.$case === 'mutated' ? JSON.parse(Buffer.from(result.value).toString()) : result?.$case);
          },
        );
      });
    expect(await listing(['ledger'], ['book', 'close_books'])).toEqual({
      tools: [{ name: 'book', inputSchema: { type: 'object' } }],
      n: 1,
    });
    expect(await listing(['ledger'], ['book'])).toBe('pass');
    expect(await listing(['ledger', 'mail'], ['ledger_book', 'ledger_close_books'])).toMatchObject({
      tools: [{ name: 'ledger_book' }],
    });
  });
});
