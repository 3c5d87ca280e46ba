import { DecisionLogError } from '@iris/decision-log';
import { PdpError } from '@iris/pdp';
import type { Logger } from '@iris/telemetry';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from './api-problem.js';
import { isPagePath } from './serve-page.js';

/** The one place where an error becomes a problem document. Internals and input are in none. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly hasPage: boolean,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const problem = this.problemOf(error);
    const { method, url } = host.switchToHttp().getRequest<FastifyRequest>();
    if (this.hasPage && problem.reason === 'not_found' && method === 'GET' && isPagePath(url.split('?', 1)[0] ?? '')) {
      reply.code(200).sendFile('index.html');
      return;
    }
    reply.code(problem.status).header('content-type', 'application/problem+json').send(problem.document);
  }

  private problemOf(error: unknown): ApiProblem {
    if (error instanceof ApiProblem) return error;
    if (error instanceof DecisionLogError) {
      this.logger.warn({ err: error }, 'the decision log gives no answer');
      return new ApiProblem('log_unavailable', 'The decision log is unavailable; try again.');
    }
    if (error instanceof PdpError) {
      const title = `The PDP gives no answer (${error.reason}); try again.`;
      return new ApiProblem('pdp_unavailable', title);
    }
    const status = (error as { status?: unknown; statusCode?: unknown } | undefined)?.statusCode;
    const known = error instanceof Error && 'getStatus' in error ? (error.getStatus as () => number)() : status;
    if (known === 404) return new ApiProblem('not_found', 'There is nothing at this path.');
    if (typeof known === 'number' && known >= 400 && known < 500) {
      return new ApiProblem('invalid_request', 'The request cannot be read.');
    }
    this.logger.error({ err: error }, 'unexpected error while handling a request');
    return new ApiProblem('internal_error', 'Unexpected error; the log of the console has it.');
  }
}
