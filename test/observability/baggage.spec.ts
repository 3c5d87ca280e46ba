import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const IDENTITY = 'user=ana@lumen.example';
const REGISTER = './dist/libs/telemetry/src/register.js';

/** What reached the vendor and the PDP. */
const received: Record<'vendor' | 'pdp', IncomingHttpHeaders[]> = { vendor: [], pdp: [] };
const vendor = createServer((request, response) => {
  received.vendor.push(request.headers);
  response.end();
});
const pdp = createHttp2Server().on('stream', (stream, headers) => {
  received.pdp.push(headers);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
});

beforeAll(async () => {
  for (const server of [vendor, pdp]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});

afterAll(() => {
  vendor.close();
  pdp.close();
});

/** Asks an app that asks onward, with an identity in the baggage. @returns the headers that left it */
async function askWithBaggage(env: Readonly<Record<string, string>>) {
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  const app = spawn(
    process.execPath,
    [
      ...['--import', REGISTER, 'test/observability/calls-onward.mjs'],
      ...[`http://127.0.0.1:${port(vendor)}`, `127.0.0.1:${port(pdp)}`],
    ],
    {
      env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'console', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const [url] = (await once(createInterface(app.stdout), 'line')) as [string];
    const headers = { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`, baggage: IDENTITY };
    expect((await fetch(url, { headers })).status).toBe(200);
    return { vendor: received.vendor.at(-1) ?? {}, pdp: received.pdp.at(-1) ?? {} };
  } finally {
    app.kill('SIGKILL');
    await once(app, 'exit');
  }
}

describe('what a caller claims about a person in the baggage', () => {
  it('reaches neither a vendor nor the PDP, while the trace continues', async () => {
    const left = await askWithBaggage({});
    for (const headers of [left.vendor, left.pdp]) {
      expect(headers.traceparent).toContain(TRACE_ID);
      expect(headers.baggage).toBeUndefined();
      expect(JSON.stringify(headers)).not.toContain('ana');
    }
  });

  it('would reach them by the propagators that are usual', async () => {
    const left = await askWithBaggage({ OTEL_PROPAGATORS: 'tracecontext,baggage' });
    expect([left.vendor.baggage, left.pdp.baggage]).toEqual([IDENTITY, IDENTITY].map(encoded));
  });
});

/** The W3C's form of baggage escapes some characters. */
function encoded(baggage: string): string {
  const [key, value = ''] = baggage.split('=');
  return `${key}=${encodeURIComponent(value)}`;
}
