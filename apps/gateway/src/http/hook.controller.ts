import type { HookEvent } from '@iris/contracts';
import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AgentIdentity } from '../hook/agent-hook.js';
import { HookWalk } from '../pipeline/hook-pipeline.js';
import { replyText } from '../verdict/reply.js';
import { type AgentIdentityRules, agentIdentity } from './agent-identity.js';
import { agentReplyText } from './agent-reply.js';
import { ACCEPTED_CODINGS, isAcceptedCoding } from './content-coding.js';

/** Token of the rules by which an agent's own hook is attributed to a person. */
export const AGENT_IDENTITY_RULES = Symbol('agent identity rules');

/** The hooks: Aperture's, on one path for all events and on one path for each, and an agent's own. */
@Controller('ext')
export class HookController {
  constructor(
    @Inject(HookWalk) private readonly walk: HookWalk,
    @Inject(AGENT_IDENTITY_RULES) private readonly identityRules: AgentIdentityRules,
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

  @Post('claude')
  @HttpCode(200)
  agent(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const identity = agentIdentity(request, request.hookKeyName ?? '', this.identityRules);
    return this.answer('pre_tool_use', request, reply, identity);
  }

  private async answer(
    event: HookEvent | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    agent?: AgentIdentity,
  ): Promise<void> {
    const { hookKeyName, hookBudget, hookArrivedAt } = request;
    if (hookKeyName === undefined || hookBudget === undefined || hookArrivedAt === undefined) {
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
    const gone = new AbortController();
    const onClose = () => {
      if (!reply.raw.writableEnded) gone.abort();
    };
    reply.raw.once('close', onClose);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { verdict, hook } = await this.walk.answer(
      { routeEvent: event, keyName: hookKeyName, arrivedAt: hookArrivedAt, body, contentCoding, agent },
      hookBudget,
      gone.signal,
    );
    reply.raw.off('close', onClose);
    const text = agent === undefined ? replyText(verdict) : agentReplyText(verdict, hook.agent?.event);
    reply.code(200).header('content-type', 'application/json; charset=utf-8').send(text);
  }
}
