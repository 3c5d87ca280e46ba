import type { HookEvent } from '@iris/contracts';
import { Controller, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HookKeys } from '../http/hook-keys.js';
import { Budget } from '../pipeline/budget.js';
import { ExplainService, NotExplainable } from './explain.service.js';

/** Token of who may ask, and for how long an answer is waited for. */
export const EXPLAIN_ACCESS = Symbol('explain access');

export interface ExplainAccess {
  readonly keys: HookKeys;
  /** Names of the hook keys that may ask. */
  readonly allowed: readonly string[];
  /** Time for one answer, in ms. */
  readonly budgetMs: number;
}

const EVENTS: readonly HookEvent[] = ['pre_request', 'tool_call_entire_request', 'entire_request'];

/**
 * What-if questions. The body is one of Aperture's hooks, `?event=` its event. An answer shows what is known of a person,
 * so only keys that are named for it may ask.
 */
@Controller('explain')
export class ExplainController {
  constructor(
    @Inject(ExplainService) private readonly service: ExplainService,
    @Inject(EXPLAIN_ACCESS) private readonly access: ExplainAccess,
  ) {}

  @Post()
  async explain(
    @Query('event') event: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const keyName = this.access.keys.authenticate(request.headers);
    if (keyName === undefined) return problem(reply, 401, 'hook_unauthenticated', 'The key is missing or wrong');
    if (!this.access.allowed.includes(keyName)) {
      return problem(reply, 403, 'explain_not_allowed', 'This key is not listed in explain.keyNames');
    }
    const routeEvent = EVENTS.find((known) => known === event);
    if (event !== undefined && routeEvent === undefined) {
      return problem(reply, 400, 'hook_malformed', `event must be one of ${EVENTS.join(', ')}`);
    }
    const incoming = {
      routeEvent,
      keyName,
      arrivedAt: Date.now(),
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      contentCoding: request.headers['content-encoding'],
    };
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    try {
      const explanation = await this.service.explain(incoming, new Budget(this.access.budgetMs), gone.signal);
      reply.code(200).send(explanation);
    } catch (error) {
      if (!(error instanceof NotExplainable)) throw error;
      problem(reply, error.reason.startsWith('pdp_') ? 503 : 422, error.reason, error.message);
    }
  }
}

function problem(reply: FastifyReply, status: number, reason: string, title: string): void {
  reply.code(status).header('content-type', 'application/problem+json').send({ title, status, reason });
}
