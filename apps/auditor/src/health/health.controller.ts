import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EvidenceWorker } from '../delivery/evidence-worker.js';

/** Probes for Kubernetes. */
@Controller()
export class HealthController {
  constructor(@Inject(EvidenceWorker) private readonly worker: EvidenceWorker) {}

  /** Whether the process lives. */
  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Whether batches can be taken. A sink that is unavailable does not make the auditor unready: nobody else can do better. */
  @Get('readyz')
  ready(@Res() reply: FastifyReply): void {
    const { ready } = this.worker;
    reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unready', ...this.worker.redisReport });
  }
}
