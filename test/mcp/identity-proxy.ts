import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IdentityProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A proxy as Tailscale Serve is one: it states the login of the person to the server behind it. */
export async function openIdentityProxy(target: string, login: string): Promise<IdentityProxy> {
  const { hostname, port } = new URL(target);
  const http = createServer((request, response) => {
    const headers: IncomingHttpHeaders = { ...request.headers, 'tailscale-user-login': login };
    const { method, url: path } = request;
    const forwarded = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
