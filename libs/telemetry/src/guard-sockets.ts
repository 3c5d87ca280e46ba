import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** Node's own channel: a request of `http` or `https` was handed over in full. */
const REQUEST_STARTED = 'http.client.request.start';

const guarded = new WeakSet<Socket>();
let watching = false;

/**
 * Keeps a server that answers early from ending the process. When the response is complete before the request body is
 * written, Node returns the socket to the keep-alive agent and removes its error listener; the write that then fails
 * (`write EPIPE`, `write ECONNRESET`) is an uncaught exception. A listener on each socket of an outgoing request takes
 * that error. The request itself still reports every error that concerns it.
 *
 * Covers everything that sends by Node's `http` and `https`: the OTLP exporters and the vendor SDKs. undici has its own
 * sockets and its own listeners.
 */
export function guardOutgoingSockets(): void {
  if (watching) return;
  watching = true;
  subscribe(REQUEST_STARTED, (message) => {
    const { request } = message as { readonly request: ClientRequest };
    if (request.socket !== null && request.socket !== undefined) guard(request.socket);
    else request.once('socket', guard);
  });
}

function guard(socket: Socket): void {
  if (guarded.has(socket)) return;
  guarded.add(socket);
  socket.on('error', () => {});
}
