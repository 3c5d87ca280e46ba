import { ContextReader } from '@iris/context-cache';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PdpWatch } from './pdp-watch.js';

/** Probes for Kubernetes, and the small health document on Aperture's own path. */
@Controller()
export class HealthController {
  constructor(
    @Inject(PdpWatch) private readonly pdp: PdpWatch,
    @Inject(ContextReader) private readonly cache: ContextReader,
  ) {}

  /** Whether the process lives. */
  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Whether decisions can be had. A source or a cache that is away does not make the gateway unready. */
  @Get('readyz')
  ready(@Res() reply: FastifyReply): void {
    reply.code(this.pdp.ready ? 200 : 503).send(this.document());
  }

  @Get('ext/aperture')
  aperture(@Res() reply: FastifyReply): void {
    reply.send(this.document());
  }

  private document() {
    return {
      status: this.pdp.ready ? 'ready' : 'unready',
      pdp: { ready: this.pdp.ready, revision: this.pdp.revision, faults: this.pdp.faults },
      cache: this.cache.redisReport,
    };
  }
}
