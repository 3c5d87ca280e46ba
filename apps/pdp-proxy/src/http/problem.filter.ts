import type { Logger } from '@iris/telemetry';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTHZEN_PATHS } from '../authzen/authzen-paths.js';
import { CERBOS_PATHS, errorText, httpStatus } from '../cerbos/http-routes.js';

/** Errors that no controller answers, in the form of the protocol that the path belongs to. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const path = request.url.split('?')[0] ?? '';
    const [code, message] = this.problemOf(error, path);
    const id = request.headers['x-request-id'];
    if (AUTHZEN_PATHS.has(path)) {
      if (typeof id === 'string') reply.header('x-request-id', id);
      const status = code === 12 ? 405 : code === 8 ? 413 : httpStatus(code);
      reply.code(status).header('content-type', 'text/plain; charset=utf-8').send(message);
      return;
    }
    // As bytes, so that no charset is added to the type.
    reply
      .code(httpStatus(code))
      .header('content-type', 'application/json')
      .send(Buffer.from(errorText(code, message)));
  }

  private problemOf(error: unknown, path: string): readonly [code: number, message: string] {
    const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: number }).statusCode;
    if (status === 404) {
      return CERBOS_PATHS.has(path) || AUTHZEN_PATHS.has(path) ? [12, 'Method Not Allowed'] : [5, 'Not Found'];
    }
    if (status === 413) return [8, 'the body is larger than request.maxBytes'];
    if (status !== undefined && status < 500) return [3, 'the request is not valid'];
    this.logger.error({ err: error }, 'unexpected error while answering a request');
    return [13, 'unexpected error'];
  }
}
