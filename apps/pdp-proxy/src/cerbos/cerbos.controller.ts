import type { Message } from '@bufbuild/protobuf';
import { count } from '@iris/telemetry';
import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CERBOS_METHODS, type CerbosMethod, DecideService } from '../decide/index.js';
import { type Arrival, arrivalOf } from '../http/arrival.js';
import { type HttpCall, type HttpReply, PdpHttp } from '../upstream/pdp-http.js';
import { answered, failure, httpExchange, type ReadQuestion, readQuestion } from './http-exchange.js';
import { HEALTH_URL, SERVER_INFO_URL } from './http-routes.js';

export const REQUEST_BUDGET_MS = Symbol('budget of a request in ms');

/** The Cerbos API over HTTP. */
@Controller()
export class CerbosController {
  constructor(
    @Inject(PdpHttp) private readonly pdp: PdpHttp,
    @Inject(DecideService) private readonly decisions: DecideService,
    @Inject(REQUEST_BUDGET_MS) private readonly budgetMs: number,
  ) {}

  @Post(CERBOS_METHODS.map(({ url }) => url))
  async decide(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const method = CERBOS_METHODS.find(({ url }) => url === request.routeOptions.url) as CerbosMethod;
    send(reply, await this.answer(method, request));
  }

  @Get(SERVER_INFO_URL)
  async serverInfo(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const arrival = arrivalOf(request);
    send(reply, await answered(this.pdp, this.call(request, 'GET', SERVER_INFO_URL, arrival)));
  }

  /** The PDP's own health: without a PDP nothing is decided here. */
  @Get(HEALTH_URL)
  async health(@Res() reply: FastifyReply): Promise<void> {
    const asked = await answered(this.pdp, {
      method: 'GET',
      path: HEALTH_URL,
      headers: {},
      timeoutMs: this.budgetMs,
    });
    const serving = asked.status < 500 || asked.headers['content-type'] === undefined;
    if (serving) return send(reply, asked);
    reply.code(503).header('content-type', 'application/json').send('{"status":"NOT_SERVING"}\n');
  }

  private async answer(method: CerbosMethod, request: FastifyRequest): Promise<HttpReply> {
    const arrival = arrivalOf(request);
    const call = this.call(request, 'POST', method.url, arrival);
    let asSent: ReadQuestion<Message>;
    try {
      asSent = readQuestion(method.input, arrival.body.length === 0 ? '{}' : arrival.body.toString('utf8'));
    } catch {
      // The PDP reports what is wrong; an answer to what Iris cannot read is no decision.
      count('iris.proxy.requests', { protocol: 'cerbos', outcome: 'request_unreadable' });
      const reply = await answered(this.pdp, call);
      return reply.status < 400 ? failure(3, 'the body cannot be read, so it is not decided') : reply;
    }
    return this.decisions.decide(
      method,
      asSent.question,
      { caller: arrival.caller, protocol: 'cerbos', budget: arrival.budget, signal: arrival.signal },
      httpExchange(method, this.pdp, call, asSent),
    );
  }

  private call(request: FastifyRequest, method: 'GET' | 'POST', path: string, arrival: Arrival): HttpCall {
    return {
      method,
      path,
      headers: forwardedHeaders(request, arrival),
      ...(method === 'POST' ? { body: arrival.body } : {}),
      timeoutMs: arrival.budget.remainingMs(),
      signal: arrival.signal,
    };
  }
}

/** Headers of one connection, and credentials, which are for Iris alone. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'content-type',
  'accept-encoding',
  'authorization',
  'x-api-key',
  'cookie',
]);

function forwardedHeaders({ headers }: FastifyRequest, { contentType }: Arrival): Record<string, string> {
  const passed: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
  for (const [name, value] of Object.entries(headers)) {
    if (!NOT_FORWARDED.has(name) && typeof value === 'string') passed[name] = value;
  }
  return passed;
}

function send(reply: FastifyReply, { status, headers, body }: HttpReply): void {
  reply.code(status);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_RETURNED.has(name)) reply.header(name, value);
  }
  reply.send(body);
}

const NOT_RETURNED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date',
]);
