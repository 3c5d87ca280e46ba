import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkGateway } from './check-gateway.js';

const READY = { pdp: { ready: true, revision: 'r1', faults: [] }, cache: { redis: 'ok' } };

/** Replies of a gateway to /explain, by the key that is sent. */
const REPLIES: Readonly<Record<string, { status: number; routes?: string }>> = {
  wrong: { status: 401 },
  earlier: { status: 403 },
  aperture: { status: 403, routes: 'aperture' },
  both: { status: 422, routes: 'aperture, agent' },
  laptop: { status: 403, routes: 'agent' },
};

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/readyz') {
      response.end(JSON.stringify(READY));
      return;
    }
    const { status, routes } = REPLIES[request.headers.authorization?.replace('Bearer ', '') ?? ''] ?? { status: 500 };
    response.writeHead(status, routes === undefined ? {} : { 'iris-hook-key-routes': routes }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('checkGateway', () => {
  it.each([
    ['wrong', ['hook_key_wrong']],
    ['earlier', []],
    ['aperture', []],
    ['both', []],
    ['laptop', ['hook_key_not_permitted']],
  ])('of the key %s finds %j', async (key, expected) => {
    const { outcome } = await checkGateway(url, key);
    expect(outcome.findings.map(({ id }) => id)).toEqual(expected);
  });
});
