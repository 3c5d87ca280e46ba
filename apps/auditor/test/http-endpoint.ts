import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request as it was received, the body unpacked. */
export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly lines: readonly string[];
}

/** An endpoint on a free port of 127.0.0.1 that a test has the answers of. */
export interface HttpEndpoint {
  readonly url: string;
  /** Requests that were answered with 200. */
  readonly taken: ReceivedRequest[];
  /** All requests, in the order of arrival. */
  readonly received: ReceivedRequest[];
  /** Ids of the records in taken requests, in the order of arrival, repeats included. */
  ids(): string[];
  /** The status of the next answers; 200 by default. */
  answer: (request: ReceivedRequest) => number;
  /** The body of the next answers; empty by default. */
  reply: { readonly contentType: string; readonly body: Uint8Array } | undefined;
  close(): Promise<void>;
}

export async function startHttpEndpoint(port = 0): Promise<HttpEndpoint> {
  const taken: ReceivedRequest[] = [];
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const unpacked = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const lines = unpacked.toString('utf8').split('\n').slice(0, -1);
      const one: ReceivedRequest = { headers: request.headers, body, lines };
      received.push(one);
      const status = endpoint.answer(one);
      if (status === 200) taken.push(one);
      if (endpoint.reply === undefined) response.writeHead(status).end();
      else response.writeHead(status, { 'content-type': endpoint.reply.contentType }).end(endpoint.reply.body);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const endpoint: HttpEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    taken,
    received,
    ids: () => taken.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).id as string)),
    answer: () => 200,
    reply: undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return endpoint;
}

/** Whether a request carries the signature that the key gives. */
export function isSigned({ headers, body }: ReceivedRequest, key: string): boolean {
  const match = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-iris-signature']));
  if (match === null) return false;
  return createHmac('sha256', key).update(`${match[1]}.`).update(body).digest('hex') === match[2];
}
