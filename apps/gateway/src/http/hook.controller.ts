import { Readable } from 'node:stream';
import type { HookEvent } from '@iris/contracts';
import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AgentId } from '../agents/agent-protocol.js';
import { agentOfPath, agentReplyText } from '../agents/agents.js';
import { ACCEPTED_CODINGS, isAcceptedCoding } from '../protocol/content-coding.js';
import { HookAnswers } from '../protocol/hook-answers.js';
import type { AgentIdentity } from '../protocol/incoming-hook.js';
import { type AgentIdentityRules, agentIdentity } from './agent-identity.js';
import { replyParts } from './aperture-reply.js';
import type { BufferedBytes } from './buffered-bytes.js';
import { pathOf } from './hook-transport.js';
import { readBody } from './read-body.js';

/** Token of the rules by which an agent's own hook is attributed to a person. */
export const AGENT_IDENTITY_RULES = Symbol('agent identity rules');

/** Token of the bounds on hook bodies. */
export const BODY_LIMITS = Symbol('body limits');

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly buffered: BufferedBytes;
}

/** The hooks: Aperture's, on one path for all events and on one path for each, and an agent's own. */
@Controller('ext')
export class HookController {
  constructor(
    @Inject(HookAnswers) private readonly hooks: HookAnswers,
    @Inject(AGENT_IDENTITY_RULES) private readonly identityRules: AgentIdentityRules,
    @Inject(BODY_LIMITS) private readonly limits: BodyLimits,
  ) {}

  @Post('aperture')
  @HttpCode(200)
  any(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(undefined, request, reply);
  }

  @Post('aperture/pre_request')
  @HttpCode(200)
  preRequest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer('pre_request', request, reply);
  }

  @Post('aperture/tool_call_entire_request')
  @HttpCode(200)
  toolCallEntireRequest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer('tool_call_entire_request', request, reply);
  }

  @Post('aperture/entire_request')
  @HttpCode(200)
  entireRequest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer('entire_request', request, reply);
  }

  @Post(['claude', 'codex', 'copilot', 'cursor', 'gemini'] satisfies AgentId[])
  @HttpCode(200)
  agent(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { hookKey } = request;
    const agent = agentOfPath(pathOf(request));
    if (hookKey === undefined || agent === undefined) throw new Error('a hook passes the transport first');
    return this.answer('pre_tool_use', request, reply, agentIdentity(agent, request, hookKey, this.identityRules));
  }

  private async answer(
    event: HookEvent | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    agent?: AgentIdentity,
  ): Promise<void> {
    const { hookKey, hookBudget, hookArrivedAt } = request;
    if (hookKey === undefined || hookBudget === undefined || hookArrivedAt === undefined) {
      throw new Error('a hook passes the transport first');
    }
    const contentCoding = request.headers['content-encoding'];
    // The one reply that is no verdict: it makes Aperture send the same hook again in a coding that is accepted.
    if (agent === undefined && !isAcceptedCoding(contentCoding)) {
      reply
        .code(415)
        .header('accept-encoding', ACCEPTED_CODINGS)
        .header('content-type', 'application/problem+json')
        .send({
          title: 'The content coding is not accepted',
          status: 415,
          reason: 'unsupported_encoding',
          detail: `Send the hook as one of ${ACCEPTED_CODINGS}.`,
        });
      return;
    }
    const incoming = {
      routeEvent: event,
      keyName: hookKey.name,
      arrivedAt: hookArrivedAt,
      body: Buffer.alloc(0),
      contentCoding,
      agent,
    };
    const account = this.limits.buffered.account();
    const gone = new AbortController();
    const onClose = () => {
      if (!reply.raw.writableEnded) gone.abort();
    };
    reply.raw.once('close', onClose);
    try {
      const { maxBodyBytes: maxBytes } = this.limits;
      const body = await readBody(request.raw, { maxBytes, timeoutMs: hookBudget.remainingMs(), account });
      const { verdict, hook } = body.ok
        ? await this.hooks.answer({ ...incoming, body: body.bytes }, hookBudget, gone.signal)
        : await this.hooks.refuse(incoming, body.reason, body.detail, hookBudget);
      const parts =
        agent === undefined ? replyParts(verdict) : [agentReplyText(agent.agent, verdict, hook.agent?.event)];
      reply.code(200).header('content-type', 'application/json; charset=utf-8');
      if (parts.length === 1) reply.send(parts[0]);
      else {
        const bytes = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
        reply.header('content-length', bytes).send(Readable.from(parts, { objectMode: false }));
      }
    } finally {
      reply.raw.off('close', onClose);
      account.release();
    }
  }
}
