import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { OpenToEveryone } from '../http/endpoint.decorator.js';
import { LogWatch } from './log-watch.js';

/** Probes for Kubernetes. */
@OpenToEveryone()
@Controller()
export class HealthController {
  constructor(@Inject(LogWatch) private readonly watch: LogWatch) {}

  /** Whether the process lives. */
  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Whether the decision log answers. Without it there is nothing to show. */
  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const answers = await this.watch.answers();
    reply
      .code(answers ? 200 : 503)
      .send({ status: answers ? 'ready' : 'unready', decisionLog: answers ? 'ok' : 'unavailable' });
  }
}
