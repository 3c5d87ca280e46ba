import type { ReasonId } from '@iris/contracts';
import type { Logger } from '@iris/telemetry';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HookAnswers } from '../protocol/hook-answers.js';
import { isHook } from './hook-transport.js';
import { refusalText } from './refusal.js';

/**
 * The one place where an error becomes a reply. On a hook path it is a verdict with status 200, since any other status
 * is an allow to Aperture; elsewhere it is a problem document (RFC 9457) without internals.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly hooks: HookAnswers,
    private readonly logger: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    if (isHook(request) && request.hookKey !== undefined) {
      const reason = reasonOf(statusOf(error));
      if (reason === 'internal_error') this.logger.error({ err: error }, 'unexpected error while handling a hook');
      refusalText(this.hooks, request, reason, detailOf(reason, error)).then(
        (text) => reply.code(200).header('content-type', 'application/json; charset=utf-8').send(text),
        // The transport makes a verdict of it.
        () => reply.code(500).send(''),
      );
      return;
    }
    const status = statusOf(error);
    if (status >= 500) this.logger.error({ err: error }, 'unexpected error while handling a request');
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
  return status < 500 ? 'hook_malformed' : 'internal_error';
}

function detailOf(reason: ReasonId, error: unknown): string {
  const status = statusOf(error);
  if (status === 404) return 'there is no hook at this path; see the paths of the hooks in the documentation';
  return reason === 'internal_error' ? 'an unexpected error' : 'the request is broken off or is not valid HTTP';
}

function titleOf(status: number): string {
  if (status === 404) return 'There is nothing at this path';
  return status < 500 ? 'The request cannot be answered' : 'Unexpected error';
}
