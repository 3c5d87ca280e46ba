import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An address at which Iris is not: nothing listens, or what listens gives no verdict. */
export interface AbsentIris {
  readonly title: string;
  readonly url: string;
  /** How many hooks came; undefined where nothing listens. */
  readonly received: () => number | undefined;
  readonly close: () => Promise<void>;
}

/** The ways in which Iris can be unavailable, each on a port of its own. */
export async function absentIrises(): Promise<AbsentIris[]> {
  const refusing = await listen('is stopped', () => undefined);
  await refusing.close();
  return [
    { ...refusing, received: () => undefined, close: async () => undefined },
    await listen('does not answer', () => undefined),
    await listen('answers with an error', (_request, response) => void response.writeHead(503).end('{}')),
    await listen('is another server', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>');
    }),
  ];
}

async function listen(
  title: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AbsentIris> {
  let received = 0;
  const server = createServer((request, response) => {
    received += 1;
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    title,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
