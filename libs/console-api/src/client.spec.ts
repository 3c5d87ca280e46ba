import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConsoleClient, ConsoleError } from './client.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function consoleThat(answer: RequestListener): Promise<ConsoleClient> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return new ConsoleClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const events = (text: string): RequestListener => {
  return (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
};

async function first(client: ConsoleClient, count: number) {
  const end = new AbortController();
  const found: unknown[] = [];
  for await (const event of client.stream({}, end.signal)) {
    found.push(event);
    if (found.length === count) end.abort();
    if (end.signal.aborted) break;
  }
  return found;
}

describe('the stream of decisions', () => {
  it('is read event by event, and resumed after the last one', async () => {
    const asked: (string | string[] | undefined)[] = [];
    const client = await consoleThat((request, response) => {
      asked.push(request.headers['last-event-id']);
      const id = asked.length;
      events(`retry: 1000\n\n: comment\n\nid: a${id}\nevent: decisions\ndata: [${id}]\n\n`)(request, response);
    });
    expect(await first(client, 2)).toEqual([
      { type: 'decisions', data: [1] },
      { type: 'decisions', data: [2] },
    ]);
    expect(asked.slice(0, 2)).toEqual([undefined, 'a1']);
  });

  it('ends with an error for an event that is no JSON', async () => {
    const client = await consoleThat(events('data: {"torn\n\n'));
    await expect(first(client, 1)).rejects.toThrow(ConsoleError);
  });

  it('ends with an error for an event without an end', async () => {
    const client = await consoleThat((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const write = () => {
        if (!response.destroyed && response.write('x'.repeat(1 << 20))) setImmediate(write);
        else if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    await expect(first(client, 1)).rejects.toThrow('too large');
  });

  it('ends with the reason when the console refuses', async () => {
    const client = await consoleThat((_, response) =>
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(JSON.stringify({ type: 'about:blank', title: 'No.', status: 403, reason: 'no_role' })),
    );
    await expect(first(client, 1)).rejects.toThrow(/the console answered/);
  });
});
