import { REASONS } from '@iris/contracts';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { refuseWebhook } from '../http/webhook-body.js';

const TOO_LARGE = 413;

/** The one place where an error of the HTTP side becomes a reply: a problem document (RFC 9457) without internals. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const status = statusOf(error);
    const body =
      status === TOO_LARGE
        ? refuseWebhook('push_too_large').body
        : { title: status < 500 ? 'The request cannot be answered' : REASONS.internal_error, status };
    reply.code(status).header('content-type', 'application/problem+json').send(body);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
