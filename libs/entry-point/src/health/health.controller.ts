import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { HealthReport } from './health-report.js';

/** Probes for Kubernetes. */
@Controller()
export class HealthController {
  constructor(@Inject(HealthReport) private readonly report: HealthReport) {}

  /** Whether the process lives. */
  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Whether requests are to be sent here: with a PDP, or without one where the failure mode is open, as the answer
   * shows. A source or a cache that is unavailable does not make the process unready.
   */
  @Get('readyz')
  ready(@Res() reply: FastifyReply): void {
    reply.code(this.report.ready ? 200 : 503).send(this.report.document());
  }
}
