import { once } from 'node:events';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type ReceivedRequest, type ScriptedAnswer, startScriptedServer } from '../testing/scripted-server.js';
import { VendorError } from '../vendor-error.js';
import { basic, bearer, type Credentials, oauth2 } from './credentials.js';
import { statusError } from './response-errors.js';
import { retryAfterMs } from './retry-after.js';
import { nextLink, VendorHttp, type VendorHttpOptions } from './vendor-http.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function vendor(
  script: (request: ReceivedRequest) => ScriptedAnswer | undefined,
  options: Partial<VendorHttpOptions> & { prefix?: string } = {},
) {
  const server = await startScriptedServer(script);
  const http = new VendorHttp({
    baseUrl: server.url + (options.prefix ?? ''),
    auth: bearer('t0ken-secret'),
    timeoutMs: 5000,
    maxBytes: 1000,
    ...options,
  });
  closers.push(
    () => server.close(),
    () => http.close(),
  );
  return { http, server };
}

async function failure(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(VendorError);
  return error as VendorError;
}

describe('reading JSON of a vendor', () => {
  it('sends path, query and credentials, and gives status, headers and JSON', async () => {
    const { http, server } = await vendor(() => ({ body: { ok: 1 }, headers: { 'x-total': '7' } }), {
      prefix: '/base',
    });
    const response = await http.get('/a/b%2Fc', { query: { q: 'x^OR&=1', n: 2, none: undefined, l: ['1', '2'] } });
    expect(response).toMatchObject({ status: 200, json: { ok: 1 }, headers: { 'x-total': '7' } });
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/base/a/b%2Fc' });
    expect([...(server.requests[0]?.query ?? [])]).toEqual([
      ['q', 'x^OR&=1'],
      ['n', '2'],
      ['l', '1'],
      ['l', '2'],
    ]);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer t0ken-secret');
  });

  it('takes JSON of every JSON media type, compressed too', async () => {
    const { http } = await vendor((request) => ({
      body: request.path === '/gzip' ? undefined : { a: 1 },
      headers: { 'content-type': 'application/vnd.vendor+json; charset=utf-8' },
    }));
    expect((await http.get('/plain')).json).toEqual({ a: 1 });
    const body = gzipSync(JSON.stringify({ a: 'ü' }));
    const raw = createServer((socket) => {
      socket.on('data', () => {
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`,
        );
        socket.write(body);
      });
    }).listen(0, '127.0.0.1');
    await once(raw, 'listening');
    const { port } = raw.address() as { port: number };
    const other = new VendorHttp({
      baseUrl: `http://127.0.0.1:${port}`,
      auth: bearer('x'),
      timeoutMs: 5000,
      maxBytes: 1000,
    });
    closers.push(
      async () => raw.close(),
      () => other.close(),
    );
    expect((await other.get('/')).json).toEqual({ a: 'ü' });
  });

  it.each<[string, ScriptedAnswer, string]>([
    ['HTML under status 200', { body: '<html>maintenance</html>' }, 'bad_response'],
    ['text that is no JSON', { body: '{"a":', headers: { 'content-type': 'application/json' } }, 'bad_response'],
    ['more than may be', { body: { text: 'x'.repeat(2000) } }, 'bad_response'],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'bad_response'],
    ['wrong credentials', { status: 401 }, 'unauthorized'],
    ['a missing right', { status: 403 }, 'unauthorized'],
    ['a wrong path', { status: 404 }, 'bad_response'],
    ['a refused query', { status: 400 }, 'bad_response'],
    ['a late request', { status: 408 }, 'timeout'],
    ['its rate limit', { status: 429 }, 'rate_limited'],
    ['a fault', { status: 500 }, 'unavailable'],
    ['a proxy error in HTML', { status: 502, body: '<html></html>' }, 'unavailable'],
    ['an unknown coding', { body: {}, headers: { 'content-encoding': 'zstd-x' } }, 'bad_response'],
    ['a broken coding', { body: { a: 1 }, headers: { 'content-encoding': 'gzip' } }, 'bad_response'],
  ])('refuses %s', async (_name, answer, kind) => {
    const { http } = await vendor(() => answer);
    const error = await failure(http.get('/x', { query: { email: 'ana@example.com' } }));
    expect(error.kind).toBe(kind);
    expect(JSON.stringify([error.message, error.stack, error])).not.toMatch(/t0ken|ana@/);
  });

  it('works on after an answer that was too large', async () => {
    const { http } = await vendor((request) => ({
      body: request.path === '/big' ? { t: 'x'.repeat(500_000) } : { ok: 1 },
    }));
    await failure(http.get('/big'));
    expect((await http.get('/small')).json).toEqual({ ok: 1 });
  });

  it('gives an expected refusal back instead of throwing', async () => {
    const { http } = await vendor(() => ({ status: 404, body: { error: 'none' } }));
    expect(await http.get('/x', { isNotFound: (status) => status === 404 })).toMatchObject({ status: 404, json: null });
  });

  it('never leaves its base URL', async () => {
    const { http, server } = await vendor(() => ({ body: {} }), { prefix: '/api/v2' });
    for (const path of [
      'http://127.0.0.1:1/api/v2/x',
      `${server.url}/other`,
      '/users/..',
      '/users/%2e%2E/x',
      '/users/./x',
      '/users\\..\\x',
      `${server.url.replace('//', '//user:pw@')}/api/v2/x`,
    ]) {
      expect((await failure(http.get(path))).kind).toBe('bad_response');
    }
    expect(server.requests).toHaveLength(0);
    await http.get(`${server.url}/api/v2/next?page=2`);
    await http.get('//evil.example/x');
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/v2/next', '/api/v2/evil.example/x']);
  });

  it('distinguishes a hang from a cancelled call', async () => {
    const { http } = await vendor(() => undefined, { timeoutMs: 50 });
    expect((await failure(http.get('/hang'))).kind).toBe('timeout');
    const slow = await vendor(() => undefined);
    const controller = new AbortController();
    const pending = failure(slow.http.get('/hang', { signal: controller.signal }));
    controller.abort();
    expect((await pending).kind).toBe('cancelled');
    const limited = new AbortController();
    const late = failure(slow.http.get('/hang', { signal: limited.signal }));
    limited.abort(new VendorError('timeout', 'over'));
    expect((await late).kind).toBe('timeout');
  });

  it('reports a refused connection and a truncated answer', async () => {
    const nowhere = new VendorHttp({ baseUrl: 'http://127.0.0.1:1', auth: bearer('x'), timeoutMs: 5000, maxBytes: 10 });
    closers.push(() => nowhere.close());
    expect((await failure(nowhere.get('/'))).kind).toBe('unavailable');
    const broken = createServer((socket) => {
      socket.on('data', () =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"a"'),
      );
    }).listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const { port } = broken.address() as { port: number };
    const http = new VendorHttp({
      baseUrl: `http://127.0.0.1:${port}`,
      auth: bearer('x'),
      timeoutMs: 5000,
      maxBytes: 99,
    });
    closers.push(
      async () => broken.close(),
      () => http.close(),
    );
    expect((await failure(http.get('/'))).kind).toBe('unavailable');
  });
});

describe('how long a vendor asks to wait', () => {
  const now = Date.UTC(2026, 10, 25, 12, 0, 0);
  it.each<[string, Record<string, string | string[]>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['an HTTP date', { 'retry-after': 'Wed, 25 Nov 2026 12:00:30 GMT' }, 30_000],
    ['a date in the past', { 'retry-after': 'Wed, 25 Nov 2026 11:00:00 GMT' }, 0],
    ['a reset in epoch seconds', { 'x-rate-limit-reset': String(now / 1000 + 5) }, 5000],
    ['the later of two resets', { 'x-rate-limit-reset': `${now / 1000 + 5}, ${now / 1000 + 9}` }, 9000],
    ['a reset in seconds from now', { 'ratelimit-reset': '3' }, 3000],
    ['Retry-After before a reset', { 'retry-after': '1', 'ratelimit-reset': '3' }, 1000],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['a negative number', { 'retry-after': '-5' }, undefined],
    ['nothing', {}, undefined],
  ])('from %s', (_name, headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected);
  });

  it.each([
    [429, { 'x-ratelimit-reset': '3' }, 3000],
    // Vendors send this with every answer; an error ends when it ends.
    [500, { 'x-ratelimit-reset': '3' }, undefined],
    [503, { 'x-ratelimit-reset': '3', 'retry-after': '1' }, 1000],
  ])('of a %d with %j', (status, headers, expected) => {
    expect(statusError(status, headers, 'it')?.retryAfterMs).toBe(expected);
  });
});

describe('the next page', () => {
  it('is read from a Link header, in any order and form', () => {
    expect(nextLink({ link: '<http://h/1>; rel="self", <http://h/2?a=1,2>; rel="next"' })).toBe('http://h/2?a=1,2');
    expect(nextLink({ link: ['<http://h/1>; rel=self', '<http://h/2>; title="x"; rel=next'] })).toBe('http://h/2');
    expect(nextLink({ link: '<http://h/1>; rel="last prev"' })).toBeUndefined();
    expect(nextLink({})).toBeUndefined();
  });
});

describe('OAuth 2', () => {
  let tokens = 0;
  function credentials(url: string, change: Partial<Parameters<typeof oauth2>[0]> = {}): Credentials {
    return oauth2({
      tokenUrl: `${url}/token`,
      clientId: 'client:1',
      clientSecret: 's3cret&',
      grant: { type: 'client_credentials', scope: 'read' },
      timeoutMs: 5000,
      ...change,
    });
  }
  /** A vendor that takes only the latest token. */
  async function oauthVendor(change: Partial<Parameters<typeof oauth2>[0]> = {}, token: object = { expires_in: 3600 }) {
    tokens = 0;
    const valid = { current: '' };
    const server = await startScriptedServer((request) => {
      if (request.path === '/token') {
        tokens += 1;
        valid.current = `token${tokens}`;
        return { body: { access_token: valid.current, token_type: 'Bearer', ...token } };
      }
      return request.headers.authorization === `Bearer ${valid.current}` ? { body: { ok: 1 } } : { status: 401 };
    });
    const http = new VendorHttp({
      baseUrl: server.url,
      auth: credentials(server.url, change),
      timeoutMs: 5000,
      maxBytes: 1000,
    });
    closers.push(
      () => server.close(),
      () => http.close(),
    );
    return { server, http, valid };
  }

  it('asks for one token for all calls, and proves the client in the header', async () => {
    const { http, server } = await oauthVendor();
    await Promise.all(Array.from({ length: 10 }, () => http.get('/x')));
    expect(tokens).toBe(1);
    const asked = server.requests[0];
    expect(asked?.method).toBe('POST');
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'read',
    });
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from('client%3A1:s3cret%26').toString('base64')}`);
  });

  it('proves the client in the body where the vendor wants that, and sends a user and password', async () => {
    const { http, server } = await oauthVendor({
      clientAuthentication: 'body',
      grant: { type: 'password', username: 'u', password: 'p' },
    });
    await http.get('/x');
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
      grant_type: 'password',
      username: 'u',
      password: 'p',
      client_id: 'client:1',
      client_secret: 's3cret&',
    });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('asks again once for a token that is refused, and continues', async () => {
    const { http, valid } = await oauthVendor();
    await http.get('/x');
    valid.current = 'revoked elsewhere';
    expect((await http.get('/x')).status).toBe(200);
    expect(tokens).toBe(2);
  });

  it('gives up when the new token is refused too', async () => {
    const server = await startScriptedServer((request) =>
      request.path === '/token' ? { body: { access_token: 't', expires_in: 60 } } : { status: 401 },
    );
    const http = new VendorHttp({ baseUrl: server.url, auth: credentials(server.url), timeoutMs: 5000, maxBytes: 100 });
    closers.push(
      () => server.close(),
      () => http.close(),
    );
    expect((await failure(http.get('/x'))).kind).toBe('unauthorized');
    expect(server.requests.filter(({ path }) => path === '/x')).toHaveLength(2);
  });

  it('uses the new refresh token that an answer brings', async () => {
    const { http, server, valid } = await oauthVendor(
      { grant: { type: 'refresh_token', refreshToken: 'r0' } },
      { expires_in: 3600, refresh_token: 'r1' },
    );
    await http.get('/x');
    valid.current = '';
    await http.get('/x');
    const sent = server.requests
      .filter(({ path }) => path === '/token')
      .map(({ body }) => new URLSearchParams(body).get('refresh_token'));
    expect(sent).toEqual(['r0', 'r1']);
  });

  it('renews a token before it ends', async () => {
    const { http } = await oauthVendor({}, { expires_in: 0.01 });
    await http.get('/x');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await http.get('/x');
    expect(tokens).toBe(2);
  });

  it.each<[string, ScriptedAnswer, string]>([
    ['refuses the client', { status: 400, body: { error: 'invalid_client' } }, 'unauthorized'],
    ['refuses the client with 401', { status: 401 }, 'unauthorized'],
    ['fails', { status: 500 }, 'unavailable'],
    ['is limited', { status: 429, headers: { 'retry-after': '3' } }, 'rate_limited'],
    ['sends HTML', { body: '<html></html>' }, 'bad_response'],
    ['sends no token', { body: { token_type: 'Bearer' } }, 'bad_response'],
  ])('reports that the token endpoint %s', async (_name, answer, kind) => {
    const server = await startScriptedServer(() => answer);
    const http = new VendorHttp({ baseUrl: server.url, auth: credentials(server.url), timeoutMs: 5000, maxBytes: 100 });
    closers.push(
      () => server.close(),
      () => http.close(),
    );
    const error = await failure(http.get('/x'));
    expect(error.kind).toBe(kind);
    expect(String(error.stack)).not.toMatch(/s3cret|client:1/);
  });
});

describe('HTTP Basic', () => {
  it('is sent in UTF-8, and a refusal is not tried again', async () => {
    const { http, server } = await vendor(() => ({ status: 401 }), { auth: basic('ü', 'p:w') });
    expect((await failure(http.get('/x'))).kind).toBe('unauthorized');
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ü:p:w', 'utf8').toString('base64')}`);
  });
});
