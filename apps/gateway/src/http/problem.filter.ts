import type { HookEvent, ReasonId } from '@iris/contracts';
import type { Logger } from '@iris/telemetry';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HookWalk } from '../pipeline/hook-pipeline.js';
import { replyText } from '../verdict/reply.js';
import { agentReplyText } from './agent-reply.js';
import { isHook } from './hook-transport.js';

/**
 * The one place where a fault becomes a reply. On a hook path it is a verdict with status 200, since any other status
 * is an allow to Aperture; elsewhere it is a problem document (RFC 9457) without internals.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly walk: HookWalk,
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    if (isHook(request) && request.hookKeyName !== undefined && request.hookBudget !== undefined) {
      const reason = reasonOf(statusOf(error));
      if (reason === 'internal_error') this.logger.error({ err: error }, 'a hook met an unexpected fault');
      const incoming = {
        routeEvent: eventOfPath(request.url),
        keyName: request.hookKeyName,
        arrivedAt: request.hookArrivedAt ?? Date.now(),
        body: Buffer.alloc(0),
        contentCoding: undefined,
      };
      const verdict = this.walk.refuse(incoming, reason, detailOf(reason, error), request.hookBudget);
      const text = incoming.routeEvent === 'pre_tool_use' ? agentReplyText(verdict, undefined) : replyText(verdict);
      reply.code(200).header('content-type', 'application/json; charset=utf-8').send(text);
      return;
    }
    const status = statusOf(error);
    if (status >= 500) this.logger.error({ err: error }, 'a request met an unexpected fault');
    reply
      .code(status)
      .header('content-type', 'application/problem+json')
      .send({
        title: titleOf(status),
        status,
        detail: status < 500 && error instanceof Error ? error.message : undefined,
      });
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

/** Why a hook was not read, by the status that the HTTP server would have answered. */
function reasonOf(status: number): ReasonId {
  if (status === 413) return 'body_too_large';
  return status < 500 ? 'hook_malformed' : 'internal_error';
}

function detailOf(reason: ReasonId, error: unknown): string {
  const status = statusOf(error);
  if (reason === 'body_too_large') return 'it is larger than hook.maxBodyBytes';
  if (status === 404) return 'there is no hook at this path; see the paths of the hooks in the documentation';
  return reason === 'internal_error' ? 'an unexpected error' : 'the request is broken off or is not valid HTTP';
}

function titleOf(status: number): string {
  if (status === 404) return 'There is nothing at this path';
  return status < 500 ? 'The request cannot be answered' : 'An unexpected fault';
}

function eventOfPath(url: string): HookEvent {
  const last = url.split('?')[0]?.split('/').at(-1);
  if (last === 'claude') return 'pre_tool_use';
  return last === 'tool_call_entire_request' || last === 'entire_request' ? last : 'pre_request';
}
