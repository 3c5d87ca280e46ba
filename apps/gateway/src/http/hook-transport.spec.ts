import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { BufferedBytes } from './buffered-bytes.js';
import { HookKeys } from './hook-keys.js';
import { pathOf, prepareHookTransport } from './hook-transport.js';
import { type ReadBody, readBody } from './read-body.js';

const MIB = 1024 * 1024;
const MAX_BYTES = 2 * MIB;
const TOTAL_BYTES = 3 * MIB;

const refused: string[] = [];
let server: FastifyInstance;
let port: number;
let buffered: BufferedBytes;
const bodies: ReadBody[] = [];

beforeAll(async () => {
  buffered = new BufferedBytes(TOTAL_BYTES);
  server = fastify();
  prepareHookTransport(server, {
    keys: new HookKeys([
      { name: 'aperture', key: 'key-of-aperture', routes: new Set(['aperture']) },
      { name: 'laptop', key: 'key-of-laptop', routes: new Set(['agent']), login: 'ana@example.com' },
    ]),
    onUnauthenticated: (peer, path) => refused.push(`${peer} ${path}`),
    budgetMs: 60_000,
    notPermitted: async (request) => `not permitted ${pathOf(request)}`,
    lastResort: (path) => `last resort ${path}`,
  });
  for (const path of ['/ext/aperture/pre_request', '/ext/claude']) {
    server.post(path, async (request, reply) => {
      const account = buffered.account();
      const timeoutMs = Number(request.headers['x-timeout'] ?? 60_000);
      const body = await readBody(request.raw, { maxBytes: MAX_BYTES, timeoutMs, account });
      bodies.push(body);
      account.release();
      return reply.code(200).send(body.ok ? `read ${body.bytes.length}` : body.reason);
    });
  }
  server.post('/ext/aperture/fails', async () => {
    throw new Error('an unexpected error');
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  port = (server.server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.server.closeAllConnections();
  await server.close();
});

/** Sends headers and a first part of a body, and keeps the request open. */
function begin(path: string, headers: Record<string, string>): { request: ClientRequest; reply: Promise<string> } {
  const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path, headers });
  const reply = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject);
  }).then(async (response) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    return `${response.statusCode} ${text}`;
  });
  reply.catch(() => undefined);
  request.write(Buffer.alloc(1000));
  return { request, reply };
}

const aperture = { authorization: 'Bearer key-of-aperture' };
const laptop = { authorization: 'Bearer key-of-laptop' };

describe('a request whose body is never complete', () => {
  it.each([
    ['without a key', '/ext/aperture/pre_request', {}, /^401 /],
    ['with a wrong key', '/ext/claude', { 'x-api-key': 'wrong' }, /^401 /],
    ['to a path that does not exist', '/nothing', aperture, /^404 /],
    ['to a hook path that does not exist', '/ext/nothing', aperture, /^200 last resort/],
    ["with an agent's key on a path of Aperture", '/ext/aperture/pre_request', laptop, /^200 not permitted/],
    ["with an agent's key on an unknown hook path", '/ext/other', laptop, /^200 not permitted/],
    ["with Aperture's key on the path of agents", '/ext/claude', aperture, /^200 not permitted \/ext\/claude/],
    ['with an escaped spelling of the path', '/ext/%63laude', aperture, /^200 not permitted \/ext\/claude/],
    ['with an escaped spelling and no key', '/%65xt/claude', {}, /^401 /],
  ])('%s is answered all the same, since its body is not waited for', async (_title, path, headers, expected) => {
    const { request, reply } = begin(path, { ...headers, 'content-length': String(63 * MIB) });
    expect(await reply).toMatch(expected);
    if (expected.source.startsWith('^401')) expect(refused.at(-1)).toMatch(/^(::ffff:)?127\.0\.0\.1 \/ext\//);
    request.destroy();
  });

  it('is answered when it declares more than the limit', async () => {
    const { request, reply } = begin('/ext/aperture/pre_request', { ...aperture, 'content-length': String(3 * MIB) });
    expect(await reply).toBe('200 body_too_large');
    request.destroy();
  });

  it('is answered when it reaches the limit, whatever it declares', async () => {
    const { request, reply } = begin('/ext/aperture/pre_request', { ...aperture, 'transfer-encoding': 'chunked' });
    for (let sent = 0; sent < MAX_BYTES; sent += MIB / 4) request.write(Buffer.alloc(MIB / 4));
    expect(await reply).toBe('200 body_too_large');
    request.destroy();
  });

  it('is answered when its time is up', async () => {
    const { request, reply } = begin('/ext/claude', { ...laptop, 'content-length': '2000', 'x-timeout': '1' });
    expect(await reply).toBe('200 budget_exhausted');
    request.destroy();
  });

  it('is answered when the bodies in memory reach the limit, and small ones still are read', async () => {
    const large = begin('/ext/aperture/pre_request', { ...aperture, 'content-length': String(MAX_BYTES) });
    large.request.write(Buffer.alloc(MAX_BYTES - MIB));
    const other = begin('/ext/aperture/pre_request', { ...aperture, 'content-length': String(MAX_BYTES) });
    other.request.write(Buffer.alloc(MAX_BYTES - 2000));
    // Whichever came first is read; the one that exceeds the sum is refused.
    large.request.end(Buffer.alloc(MIB - 1000));
    const answered = await Promise.race([large.reply, other.reply]);
    expect(['200 gateway_busy', `200 read ${MAX_BYTES}`]).toContain(answered);
    const small = begin('/ext/aperture/pre_request', { ...aperture, 'content-length': '1000' });
    small.request.end();
    expect(await small.reply).toBe('200 read 1000');
    for (const { request } of [large, other]) request.destroy();
  });

  it('is read as broken off when the client goes away', async () => {
    bodies.length = 0;
    const { request } = begin('/ext/claude', { ...laptop, 'content-length': '2000' });
    // Bodies of the requests before may still arrive.
    const brokenOff = () => bodies.filter((body) => !body.ok && body.reason === 'hook_malformed').length;
    while (server.server.listening && brokenOff() === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      request.destroy();
    }
    expect(brokenOff()).toBe(1);
  });
});

describe('a hook', () => {
  it('is read whole', async () => {
    const { request, reply } = begin('/ext/claude', { ...laptop, 'transfer-encoding': 'chunked' });
    request.end(Buffer.alloc(500));
    expect(await reply).toBe('200 read 1500');
  });

  it('leaves no other status than a verdict', async () => {
    const { request, reply } = begin('/ext/aperture/fails', { ...aperture, 'content-length': '1000' });
    request.end();
    expect(await reply).toBe('200 last resort /ext/aperture/fails');
  });
});
