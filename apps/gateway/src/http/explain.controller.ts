import type { HookEvent } from '@iris/contracts';
import { Budget } from '@iris/decision';
import { Controller, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Explainer, NotExplainable } from '../protocol/explainer.js';
import { type BodyLimits } from './hook.controller.js';
import { type HookKeys } from './hook-keys.js';
import { readBody } from './read-body.js';

/** Token of who may ask, and for how long an answer is waited for. */
export const EXPLAIN_ACCESS = Symbol('explain access');

export interface ExplainAccess {
  readonly keys: HookKeys;
  readonly bodies: BodyLimits;
  /** Names of the hook keys that may ask. */
  readonly allowed: readonly string[];
  /** Time for one answer, in ms. */
  readonly budgetMs: number;
}

/** The routes on which the key of the request is permitted. */
const KEY_ROUTES_HEADER = 'iris-hook-key-routes';

const STATUS_OF_UNREAD = {
  body_too_large: 413,
  gateway_busy: 503,
  hook_malformed: 400,
  budget_exhausted: 408,
} as const;

const EVENTS: readonly HookEvent[] = ['pre_request', 'tool_call_entire_request', 'entire_request'];

/**
 * What-if questions. The body is one of Aperture's hooks, `?event=` its event. An answer shows what is known of a person,
 * so only keys that are named for it may ask.
 */
@Controller('explain')
export class ExplainController {
  constructor(
    @Inject(Explainer) private readonly explainer: Explainer,
    @Inject(EXPLAIN_ACCESS) private readonly access: ExplainAccess,
  ) {}

  @Post()
  async explain(
    @Query('event') event: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const key = this.access.keys.authenticate(request.headers);
    if (key === undefined) return problem(reply, 401, 'hook_unauthenticated', 'The key is missing or wrong');
    // Read by `iris doctor`, which asks without a decision and without evidence.
    reply.header(KEY_ROUTES_HEADER, [...key.routes].join(', '));
    if (!this.access.allowed.includes(key.name)) {
      return problem(reply, 403, 'explain_not_allowed', 'This key is not listed in explain.keyNames');
    }
    const routeEvent = EVENTS.find((known) => known === event);
    if (event !== undefined && routeEvent === undefined) {
      return problem(reply, 400, 'hook_malformed', `event must be one of ${EVENTS.join(', ')}`);
    }
    const budget = new Budget(this.access.budgetMs);
    const { maxBodyBytes: maxBytes, buffered } = this.access.bodies;
    const account = buffered.account();
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    try {
      const body = await readBody(request.raw, { maxBytes, timeoutMs: budget.remainingMs(), account });
      if (!body.ok) return problem(reply, STATUS_OF_UNREAD[body.reason], body.reason, body.detail);
      const incoming = {
        routeEvent,
        keyName: key.name,
        arrivedAt: Date.now(),
        body: body.bytes,
        contentCoding: request.headers['content-encoding'],
      };
      const explanation = await this.explainer.explain(incoming, budget, gone.signal);
      reply.code(200).send(explanation);
    } catch (error) {
      if (!(error instanceof NotExplainable)) throw error;
      problem(reply, error.reason.startsWith('pdp_') ? 503 : 422, error.reason, error.message);
    } finally {
      account.release();
    }
  }
}

function problem(reply: FastifyReply, status: number, reason: string, title: string): void {
  reply.code(status).header('content-type', 'application/problem+json').send({ title, status, reason });
}
