import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpUpstream } from './http-upstream.js';
import { UpstreamError, type UpstreamRequest } from './upstream.js';

let http: Server;
let upstream: HttpUpstream;
afterEach(async () => {
  await upstream.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

async function opened(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<void> {
  http = createServer(answer);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const headers = { Authorization: { env: 'TOKEN', prefix: 'Bearer ' } };
  upstream = new HttpUpstream({ id: 's', url, headers, timeoutSeconds: 5, maxConnections: 1 }, { TOKEN: 'of-gateway' });
}

function send(request: Partial<UpstreamRequest> = {}) {
  return upstream.send({ method: 'POST', headers: {}, body: '{}', signal: new AbortController().signal, ...request });
}

async function textOf({ body }: { body: AsyncIterable<Uint8Array> }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe('HttpUpstream', () => {
  it('sends the credential of the gateway', async () => {
    await opened((request, response) => response.end(request.headers.authorization));
    expect(await textOf(await send({ headers: { authorization: 'Bearer of-client' } }))).toBe('Bearer of-gateway');
    expect(await textOf(await send())).toBe('Bearer of-gateway');
  });

  it('has calls pass streams that wait', async () => {
    await opened((request, response) => {
      const waits = request.method === 'GET' || request.headers['mcp-method'] === 'subscriptions/listen';
      if (waits) response.writeHead(200).flushHeaders();
      else response.end('answered');
    });
    const waiting = [
      await send({ method: 'GET', body: undefined }),
      await send({ headers: { 'mcp-method': 'subscriptions/listen' } }),
    ];
    expect(await textOf(await send())).toBe('answered');
    for (const { body } of waiting) (body as unknown as { destroy(): void }).destroy();
  });

  it('follows no redirect', async () => {
    await opened((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    await expect(send()).rejects.toThrow(UpstreamError);
  });
});
