import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as a scripted server received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** As it was sent, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a scripted server answers: a text body is sent as it is, anything else as JSON. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: unknown;
  /** How long the answer takes, in ms. */
  readonly delayMs?: number;
  /** Whether Node's own `Date` header is left out. */
  readonly withoutDate?: boolean;
}

/** A scripted server on a free port of 127.0.0.1. */
export interface ScriptedServer {
  readonly url: string;
  /** In the order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** How many requests the client gave up before they were answered. */
  readonly abandoned: () => number;
  close(): Promise<void>;
}

/**
 * A vendor that answers as a test sets, for answers that no well-behaved simulated API returns.
 *
 * @param script answers a request; undefined leaves it without an answer until the server closes
 */
export async function startScriptedServer(
  script: (request: ReceivedRequest) => ScriptedAnswer | undefined,
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  let abandoned = 0;
  const server = createServer(async (incoming, outgoing) => {
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) abandoned += 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const [path = '', search = ''] = (incoming.url ?? '').split('?', 2);
    const request: ReceivedRequest = {
      method: incoming.method ?? '',
      path,
      query: new URLSearchParams(search),
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    requests.push(request);
    const answer = script(request);
    if (answer === undefined) return;
    if (answer.delayMs !== undefined) await sleep(answer.delayMs);
    const isText = typeof answer.body === 'string';
    outgoing.sendDate = answer.withoutDate !== true;
    outgoing.writeHead(answer.status ?? 200, {
      'content-type': isText ? 'text/html' : 'application/json',
      ...answer.headers,
    });
    outgoing.end(isText ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    abandoned: () => abandoned,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
