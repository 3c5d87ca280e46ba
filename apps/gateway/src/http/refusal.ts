import type { HookEvent, ReasonId } from '@iris/contracts';
import { Budget } from '@iris/decision';
import type { FastifyRequest } from 'fastify';
import { agentOfPath, agentReplyText } from '../agents/agents.js';
import { HookAnswers } from '../protocol/hook-answers.js';
import { replyText } from './aperture-reply.js';
import { pathOf } from './hook-transport.js';

/** The text of the reply to an authenticated hook whose body is not read. */
export async function refusalText(
  hooks: Pick<HookAnswers, 'refuse'>,
  request: FastifyRequest,
  reason: ReasonId,
  detail: string,
): Promise<string> {
  const path = pathOf(request);
  const agent = agentOfPath(path);
  const event = agent === undefined ? eventOfPath(path) : 'pre_tool_use';
  const incoming = {
    routeEvent: event,
    keyName: request.hookKey?.name ?? '',
    arrivedAt: request.hookArrivedAt ?? Date.now(),
    body: Buffer.alloc(0),
    contentCoding: undefined,
  };
  const { verdict } = await hooks.refuse(incoming, reason, detail, request.hookBudget ?? new Budget(0));
  return agent === undefined ? replyText(verdict) : agentReplyText(agent, verdict, undefined);
}

function eventOfPath(path: string): HookEvent {
  const last = path.split('/').at(-1);
  return last === 'tool_call_entire_request' || last === 'entire_request' ? last : 'pre_request';
}
