import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { CallLog } from './call-log.js';
import { type Fault, type FaultInput, FaultList, faultSchema, type RequestFault } from './fault.js';
import type { LimitState, RateLimiter } from './rate-limiter.js';
import { acceptForms } from './request-reading.js';

/** How a vendor formats its own errors. */
export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What makes one vendor differ from another below its routes. */
export interface ApiBehaviour {
  readonly vendor: string;
  /** Absent for a vendor without limits. */
  readonly limiter?: RateLimiter;
  /** The most requests at one time; more are answered as beyond the limit. */
  readonly mostAtOnce?: number;
  /** Requests of one bucket share a limit; undefined for those that no limit counts. */
  limitBucket?(request: FastifyRequest): string | undefined;
  limitHeaders(state: LimitState): Record<string, string>;
  rateLimited(state: LimitState): ApiAnswer;
  notFound(request: FastifyRequest): ApiAnswer;
  serverError(status: number): ApiAnswer;
  register(app: FastifyInstance): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly latencyMs: number;
  /** Whether the vendor's published limits refuse requests; if not, there are no such headers. */
  readonly enforceLimits: boolean;
}

/** One vendor's HTTP server, with the faults, latency and call log that a test sets and reads. */
export class SimulatedServer {
  readonly calls = new CallLog();
  latencyMs: number;
  readonly #enforceLimits: boolean;
  readonly #behaviour: ApiBehaviour;
  readonly #app: FastifyInstance;
  readonly #server: Server;
  readonly #faults = new FaultList();
  #address: { host: string; port: number };
  #down = false;

  private constructor(behaviour: ApiBehaviour, options: ListenOptions) {
    this.#behaviour = behaviour;
    this.latencyMs = options.latencyMs;
    this.#enforceLimits = options.enforceLimits;
    this.#address = { host: options.host, port: options.port };
    this.#app = fastify({ routerOptions: { maxParamLength: 4096 }, exposeHeadRoutes: false });
    this.#server = createServer((request, response) => this.#app.routing(request, response));
    acceptForms(this.#app);
    this.#app.addHook('onRequest', (request, reply) => this.#receive(request, reply));
    this.#app.addHook('onSend', async (request, _reply, payload) =>
      this.#truncated.has(request) && typeof payload === 'string'
        ? payload.slice(0, Math.ceil(payload.length / 2))
        : payload,
    );
    this.#app.setNotFoundHandler((request, reply) => send(reply, behaviour.notFound(request)));
    this.#app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
      const status = error.statusCode ?? 500;
      return send(reply, status < 500 ? { ...behaviour.notFound(request), status } : behaviour.serverError(500));
    });
    behaviour.register(this.#app);
  }

  static async start(behaviour: ApiBehaviour, options: ListenOptions): Promise<SimulatedServer> {
    const vendor = new SimulatedServer(behaviour, options);
    await vendor.#app.ready();
    await vendor.#listen();
    return vendor;
  }

  get url(): string {
    return `http://${this.#address.host}:${this.#address.port}`;
  }

  get faults(): readonly Fault[] {
    return this.#down ? [{ mode: 'down' }, ...this.#faults.list] : this.#faults.list;
  }

  /**
   * Puts these faults in place of those before; an empty list heals the vendor.
   *
   * @throws ZodError
   */
  async setFaults(faults: readonly FaultInput[]): Promise<void> {
    const parsed = faults.map((fault) => faultSchema.parse(fault));
    this.#faults.set(parsed);
    const down = parsed.some((fault) => fault.mode === 'down');
    if (down && !this.#down) await this.#unlisten();
    if (!down && this.#down) await this.#listen();
    this.#down = down;
  }

  /** Heals the vendor and forgets calls and used-up limits. */
  async reset(latencyMs: number): Promise<void> {
    await this.setFaults([]);
    this.latencyMs = latencyMs;
    this.calls.clear();
    this.#behaviour.limiter?.clear();
  }

  async close(): Promise<void> {
    if (!this.#down) await this.#unlisten();
    await this.#app.close();
  }

  readonly #truncated = new WeakSet<FastifyRequest>();

  async #receive(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.#record(request, reply);
    const state = this.#countTowardsLimit(request, reply);
    const fault = this.#faults.strike(request.method, request.url);
    const delayMs = this.latencyMs + (fault?.mode === 'slow' ? fault.delayMs : 0);
    if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
    if (fault !== undefined && fault.mode !== 'slow') return this.#apply(fault, request, reply);
    if (state?.exceeded) return send(reply, this.#behaviour.rateLimited(state));
  }

  #countTowardsLimit(request: FastifyRequest, reply: FastifyReply): LimitState | undefined {
    if (!this.#enforceLimits) return undefined;
    const { limiter, mostAtOnce } = this.#behaviour;
    const bucket = this.#behaviour.limitBucket ? this.#behaviour.limitBucket(request) : 'all';
    if (limiter === undefined || bucket === undefined) return undefined;
    const taken = limiter.take(bucket);
    const crowded = mostAtOnce !== undefined && this.calls.running > mostAtOnce;
    const state = crowded ? { ...taken, exceeded: true } : taken;
    reply.headers(this.#behaviour.limitHeaders(state));
    return state;
  }

  #apply(fault: Exclude<RequestFault, { mode: 'slow' }>, request: FastifyRequest, reply: FastifyReply) {
    switch (fault.mode) {
      case 'hang':
        reply.hijack();
        return;
      case 'reset':
        reply.hijack();
        request.raw.socket.destroy();
        return;
      case 'truncated':
        this.#truncated.add(request);
        return;
      case 'error':
        return send(reply, this.#behaviour.serverError(fault.status));
      case 'html':
        return send(reply, { status: fault.status, contentType: 'text/html', body: PAGE });
      case 'answer':
        return send(reply, { contentType: 'application/json', ...fault });
      case 'rate_limited':
        return this.#refuseByLimit(fault, reply);
    }
  }

  #refuseByLimit(fault: Extract<RequestFault, { mode: 'rate_limited' }>, reply: FastifyReply) {
    const offsetMs = fault.headers === 'past_reset' ? -60_000 : fault.resetSeconds * 1000;
    const state = { limit: 1, remaining: 0, resetAt: Date.now() + offsetMs, exceeded: true };
    const answer = this.#behaviour.rateLimited(state);
    const names = Object.keys({ ...this.#behaviour.limitHeaders(state), ...answer.headers });
    if (fault.headers === 'none') {
      for (const name of names) reply.removeHeader(name);
      return send(reply, { status: 429, contentType: 'text/plain', body: '' });
    }
    reply.headers(this.#behaviour.limitHeaders(state));
    if (fault.headers === 'no_date') reply.raw.sendDate = false;
    if (fault.headers === 'duplicate_reset') {
      for (const name of names.filter((candidate) => /reset/i.test(candidate))) {
        const value = this.#behaviour.limitHeaders(state)[name] ?? '';
        reply.header(name, [value, value]);
      }
    }
    return send(reply, answer);
  }

  #record(request: FastifyRequest, reply: FastifyReply): void {
    this.calls.began();
    const startedAt = Date.now();
    const begun = performance.now();
    reply.raw.once('close', () =>
      this.calls.ended({
        vendor: this.#behaviour.vendor,
        method: request.method,
        route: request.routeOptions.url ?? 'unmatched',
        url: request.url,
        status: reply.raw.headersSent ? reply.raw.statusCode : 0,
        startedAt,
        durationMs: Math.round(performance.now() - begun),
      }),
    );
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#address.port, this.#address.host, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    this.#address = { host: this.#address.host, port: (this.#server.address() as AddressInfo).port };
  }

  async #unlisten(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

const PAGE =
  '<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Please try again later</h1></body></html>';

function send(reply: FastifyReply, answer: ApiAnswer): FastifyReply {
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, 'content-type': answer.headers?.['content-type'] ?? answer.contentType })
    .send(answer.body);
}
