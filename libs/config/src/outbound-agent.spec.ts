import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { outboundAgent } from './outbound-agent.js';

const VARIABLES = [
  'NODE_USE_ENV_PROXY',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];
const before = VARIABLES.map((name) => [name, process.env[name]] as const);

let vendor: Server;
let proxy: Server;
const tunnels: string[] = [];

beforeAll(async () => {
  vendor = createServer((_request, response) => response.end('vendor'));
  proxy = createServer();
  proxy.on('connect', ({ url = '' }, client, head) => {
    tunnels.push(url);
    const upstream = connect(port(vendor), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
  });
  for (const server of [vendor, proxy]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  tunnels.length = 0;
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});
afterAll(() => {
  vendor.close();
  proxy.close();
});

const port = (server: Server) => (server.address() as AddressInfo).port;

async function read(environment: Readonly<Record<string, string>>): Promise<string> {
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, { HTTP_PROXY: `http://127.0.0.1:${port(proxy)}` }, environment);
  const dispatcher = outboundAgent();
  try {
    const { body } = await request(`http://127.0.0.1:${port(vendor)}/`, { dispatcher });
    return await body.text();
  } finally {
    await dispatcher.destroy();
  }
}

describe('outboundAgent', () => {
  it('tunnels through the proxy of the environment when it is switched on', async () => {
    expect(await read({ NODE_USE_ENV_PROXY: '1' })).toBe('vendor');
    expect(tunnels).toEqual([`127.0.0.1:${port(vendor)}`]);
  });

  it.each([
    ['when it is not switched on', {}],
    ['for a host of NO_PROXY', { NODE_USE_ENV_PROXY: '1', NO_PROXY: 'localhost,127.0.0.1' }],
  ])('connects directly %s', async (_title, environment) => {
    expect(await read(environment)).toBe('vendor');
    expect(tunnels).toEqual([]);
  });
});
