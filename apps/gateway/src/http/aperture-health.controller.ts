import { HealthReport } from '@iris/entry-point';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** The health document on Aperture's own path: Aperture probes the URL of a hook. */
@Controller()
export class ApertureHealthController {
  constructor(@Inject(HealthReport) private readonly report: HealthReport) {}

  @Get('ext/aperture')
  aperture(@Res() reply: FastifyReply): void {
    reply.send(this.report.document());
  }
}
