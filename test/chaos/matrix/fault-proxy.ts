import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, type TLSSocket } from 'node:tls';

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A server that answers a request before it has read it. */
type AbruptMode =
  | { readonly kind: 'reset' }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'early'; readonly status: number };

/**
 * Effect on connections, those that are open included.
 *
 * - `pass`: they are carried on
 * - `refuse`: nobody listens
 * - `cut`: they are accepted and closed
 * - `silent`: they are accepted and nothing is said any more
 * - `vanished`: those that are open are never carried on again, new ones are accepted and silent; when this ends new ones
 *   are carried on, and the open ones look well and stay silent
 * - `slow`: each answer comes `ms` later
 * - `early`: a request is answered with `status` after its first bytes, and the connection is closed while the client still
 *   writes
 * - `reset`: a request is answered by a reset of the connection
 * - `garbage`: a request is answered by bytes that are no HTTP
 * - `wrong_certificate`: TLS proxies show a certificate that nobody has reason to trust
 */
export type ProxyMode =
  | { readonly kind: 'pass' | 'refuse' | 'cut' | 'silent' | 'vanished' | 'wrong_certificate' }
  | AbruptMode
  | { readonly kind: 'slow'; readonly ms: number };

export interface FaultProxyOptions {
  /** Port on 127.0.0.1 that connections go to; asked for each connection. */
  readonly target: () => number;
  /** Given: clients speak TLS, the target does not. */
  readonly tls?: { readonly right: Certificate; readonly wrong: Certificate };
}

const GARBAGE = Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 89 + 7) % 256));

/** Stands between two processes and spoils what passes. */
export class FaultProxy {
  #mode: ProxyMode = { kind: 'pass' };
  #port = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections of which nothing was read yet. */
  readonly #waiting = new Set<Socket>();
  readonly #options: FaultProxyOptions;
  readonly #accept: (socket: Socket) => void;
  readonly #show: (certificate: Certificate) => void;

  private constructor(options: FaultProxyOptions) {
    this.#options = options;
    const { tls } = options;
    if (tls === undefined) {
      this.#accept = (socket) => this.#join(socket);
      this.#show = () => {};
    } else {
      const terminator = createTlsServer(tls.right, (socket) => this.#join(socket));
      terminator.on('tlsClientError', () => {});
      this.#accept = (socket) => void terminator.emit('connection', socket);
      this.#show = (certificate) => terminator.setSecureContext(certificate);
    }
    this.#server = createServer({ pauseOnConnect: false }, (socket) => this.#receive(socket));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  async set(mode: ProxyMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    if (before.kind === 'wrong_certificate' && this.#options.tls) this.#show(this.#options.tls.right);
    if (mode.kind === 'wrong_certificate' && this.#options.tls) this.#show(this.#options.tls.wrong);
    if (mode.kind === 'refuse' && before.kind !== 'refuse') this.#server.close();
    if (['refuse', 'cut', 'early', 'reset', 'garbage', 'wrong_certificate'].includes(mode.kind)) this.#destroyAll();
    if (before.kind === 'refuse' && mode.kind !== 'refuse') await this.#listen();
    const wasSilent = isSilent(before);
    if (isSilent(mode)) for (const socket of this.#sockets) socket.pause();
    else if (wasSilent && before.kind !== 'vanished') for (const socket of this.#sockets) socket.resume();
    if (!isSilent(mode) && wasSilent) {
      for (const socket of this.#waiting) this.#accept(socket);
      this.#waiting.clear();
    }
  }

  async close(): Promise<void> {
    this.#destroyAll();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #destroyAll(): void {
    for (const socket of [...this.#sockets, ...this.#waiting]) socket.destroy();
    this.#waiting.clear();
  }

  #receive(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const mode = this.#mode;
    if (mode.kind === 'cut') socket.destroy();
    else if (mode.kind === 'early' || mode.kind === 'reset' || mode.kind === 'garbage') answerAbruptly(socket, mode);
    else if (isSilent(mode)) this.#waiting.add(socket);
    else this.#accept(socket);
  }

  #join(client: Socket | TLSSocket): void {
    const target = connect(this.#options.target(), '127.0.0.1');
    this.#carry(client, target, () => 0);
    this.#carry(target, client, () => (this.#mode.kind === 'slow' ? this.#mode.ms : 0));
    if (isSilent(this.#mode)) for (const socket of [client, target]) socket.pause();
  }

  #carry(from: Socket, to: Socket, delayMs: () => number): void {
    this.#sockets.add(from);
    // Nothing overtakes what came before.
    let lastAt = 0;
    from.on('data', (chunk: Buffer) => {
      const now = performance.now();
      lastAt = Math.max(lastAt, now + delayMs());
      if (lastAt <= now) to.write(chunk);
      else setTimeout(() => to.write(chunk), lastAt - now);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}

/** Reads the first bytes of a request and nothing more, so that a large body is still being written. */
function answerAbruptly(socket: Socket, mode: AbruptMode): void {
  socket.once('data', () => {
    socket.pause();
    if (mode.kind === 'reset') socket.resetAndDestroy();
    else if (mode.kind === 'garbage') socket.end(GARBAGE, () => socket.destroy());
    else socket.end(`HTTP/1.1 ${mode.status} Early\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
  });
}

function isSilent({ kind }: ProxyMode): boolean {
  return kind === 'silent' || kind === 'vanished';
}

/** @throws Error when the certificate or the key is none */
export function assertUsable(certificate: Certificate): void {
  createSecureContext(certificate);
}
