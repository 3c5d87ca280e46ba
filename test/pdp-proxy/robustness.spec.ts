import { connect, type Socket } from 'node:net';
import { GRPC } from '@cerbos/grpc';
import * as grpc from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { post, RunningProxy } from './running-proxy.js';

const KEY = 'a-key-of-the-portal';
const READER = 'a-key-of-the-reader';
let running: RunningProxy;

beforeAll(async () => {
  running = await RunningProxy.start({
    sources: ['okta'],
    mapping: { authzen: { subjects: { user: { roles: ['clerk'] } }, types: { parcel: { actions: ['track'] } } } },
    callers: {
      callers: {
        portal: { keys: [KEY], kinds: ['parcel'], search: true },
        reader: { keys: [READER], kinds: ['label*', 'parcel'] },
      },
    },
  });
});

afterAll(async () => {
  await running.stop();
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const principal = { id: 'service', roles: ['clerk'], attr: {} };
const question = (kind = 'parcel') => ({
  principal,
  resources: [{ resource: { kind, id: 'P1', attr: {} }, actions: ['track'] }],
});
const READ = {
  subject: { type: 'user', id: 'ana' },
  action: { name: 'track' },
  resource: { type: 'parcel', id: 'P1' },
};

describe('a caller', () => {
  it('is refused without a known key, in the form of the protocol', async () => {
    for (const headers of [{}, bearer('no-such-key')]) {
      expect(await post(`${running.proxy.httpUrl}/api/check/resources`, question(), headers)).toMatchObject({
        status: 401,
        type: 'application/json',
        body: { code: 16, message: expect.any(String) },
      });
      expect(await post(`${running.proxy.httpUrl}/access/v1/evaluation`, READ, headers)).toMatchObject({
        status: 401,
        type: 'text/plain; charset=utf-8',
      });
    }
    const client = new GRPC(running.proxy.grpcTarget, { tls: false });
    await expect(client.checkResources(question())).rejects.toMatchObject({ code: grpc.status.UNAUTHENTICATED });
    expect(await client.checkHealth()).toMatchObject({ status: 'SERVING' });
    client.close();
  });

  it('is refused for a kind that it may not ask about, as a whole', async () => {
    const both = { ...question(), resources: [...question().resources, ...question('pallet').resources] };
    expect(await post(`${running.proxy.httpUrl}/api/check/resources`, both, bearer(KEY))).toMatchObject({
      status: 403,
      body: { code: 7, message: expect.stringContaining('pallet') },
    });
    const client = new GRPC(running.proxy.grpcTarget, { tls: false, headers: bearer(KEY) });
    await expect(client.checkResources(both)).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED });
    expect(await client.isAllowed({ principal, resource: { kind: 'parcel', id: 'x' }, action: 'track' })).toBe(true);
    client.close();
  });

  it('needs a right of its own to search', async () => {
    const body = { subject: { type: 'user', id: 'ana' }, resource: READ.resource };
    const search = (key: string) => post(`${running.proxy.httpUrl}/access/v1/search/action`, body, bearer(key));
    expect(await search(READER)).toMatchObject({ status: 403, body: expect.stringContaining('reader') });
    expect(await search(KEY)).toMatchObject({ status: 200, body: { results: [{ name: 'track' }] } });
    expect(await post(`${running.proxy.httpUrl}/access/v1/evaluation`, READ, bearer(READER))).toMatchObject({
      status: 200,
    });
  });

  it('is refused before its body is read', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const { port } = new URL(running.proxy.httpUrl);
      const socket: Socket = connect(Number(port), '127.0.0.1', () => {
        // The headers promise a body that never comes.
        socket.write('POST /api/check/resources HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
      });
      socket.once('data', (data) => {
        resolve(String(data));
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('is refused before its message is read, over gRPC', async () => {
    const client = new grpc.Client(running.proxy.grpcTarget, grpc.credentials.createInsecure());
    const same = (bytes: Buffer) => bytes;
    const error = await new Promise<grpc.ServiceError | null>((resolve) => {
      // The stream stays open: no message is sent.
      client.makeClientStreamRequest('/cerbos.svc.v1.CerbosService/CheckResources', same, same, resolve);
    });
    expect(error?.code).toBe(grpc.status.UNAUTHENTICATED);
    client.close();
  });
});

describe('a body', () => {
  it('larger than the limit is refused', async () => {
    const big = { ...question(), requestId: 'x'.repeat(5 * 1024 * 1024) };
    const url = running.proxy.httpUrl;
    expect(await post(`${url}/api/check/resources`, big, bearer(KEY))).toMatchObject({
      status: 429,
      body: { code: 8 },
    });
    expect(
      await post(`${url}/access/v1/evaluation`, { ...READ, context: { x: big.requestId } }, bearer(KEY)),
    ).toMatchObject({ status: 413 });
  });

  it('that nests without end is refused', async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const text = JSON.stringify({ ...READ, context: {} }).replace('"context":{}', `"context":${deep}`);
    const { status } = await post(`${running.proxy.httpUrl}/access/v1/evaluation`, text, bearer(KEY));
    expect([200, 400]).toContain(status);
    const cerbos = JSON.stringify(question()).replace('"attr":{}', `"attr":${deep}`);
    const answer = await post(`${running.proxy.httpUrl}/api/check/resources`, cerbos, bearer(KEY));
    expect(answer.status).toBe(400);
  });

  it('of keys that name a prototype changes nothing', async () => {
    const text = JSON.stringify(READ).replace(
      '"id":"ana"',
      '"id":"ana","properties":{"__proto__":{"role":"admin"},"constructor":{}}',
    );
    expect(await post(`${running.proxy.httpUrl}/access/v1/evaluation`, text, bearer(KEY))).toMatchObject({
      status: 200,
      body: { decision: true },
    });
    expect(({} as { role?: string }).role).toBeUndefined();
  });
});

describe('while the PDP does not answer', () => {
  afterEach(() => running.pdp.process.signal('SIGCONT'));

  it('every question is refused inside its time, and never allowed', async () => {
    running.pdp.process.signal('SIGSTOP');
    const url = running.proxy.httpUrl;
    const client = new GRPC(running.proxy.grpcTarget, { tls: false, headers: bearer(KEY) });
    const [cerbos, evaluation, batch, overGrpc] = await Promise.all([
      post(`${url}/api/check/resources`, question(), bearer(KEY)),
      post(`${url}/access/v1/evaluation`, READ, bearer(KEY)),
      post(`${url}/access/v1/evaluations`, { ...READ, evaluations: [{}, {}] }, bearer(KEY)),
      client.checkResources(question()).then(
        () => 'answered',
        ({ code }) => code,
      ),
    ]);
    client.close();
    expect(cerbos).toMatchObject({ status: 504, body: { code: 4, details: [] } });
    expect(evaluation).toMatchObject({ status: 500, type: 'text/plain; charset=utf-8' });
    expect(batch).toMatchObject({ status: 200, body: { evaluations: [{ decision: false }, { decision: false }] } });
    expect(overGrpc).toBe(grpc.status.DEADLINE_EXCEEDED);
  });
});

describe('after the PDP has ended', () => {
  it('every question is refused, and health states it', async () => {
    await running.pdp.process.kill();
    const url = running.proxy.httpUrl;
    expect(await post(`${url}/api/check/resources`, question(), bearer(KEY))).toMatchObject({
      status: 503,
      body: { code: 14 },
    });
    expect(await post(`${url}/access/v1/evaluation`, READ, bearer(KEY))).toMatchObject({ status: 500 });
    expect((await fetch(`${url}/_cerbos/health`)).status).toBe(503);
    const client = new GRPC(running.proxy.grpcTarget, { tls: false, headers: bearer(KEY) });
    await expect(client.checkResources(question())).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(await client.checkHealth()).toMatchObject({ status: 'NOT_SERVING' });
    client.close();
  });
});
