import { ContextReader } from '@iris/context-cache';
import type { ModeOverride } from '@iris/decision';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PdpWatch } from './pdp-watch.js';
import { readinessOf } from './readiness.js';

/** What the failure modes and the break-glass switch are; read at each probe. */
export interface HealthFacts {
  readonly failureModes: Readonly<Record<string, 'closed' | 'open'>>;
  readonly breakGlass?: ModeOverride;
}
export const HEALTH_FACTS = Symbol('health facts');

/** Probes for Kubernetes, and the small health document on Aperture's own path. */
@Controller()
export class HealthController {
  constructor(
    @Inject(PdpWatch) private readonly pdp: PdpWatch,
    @Inject(ContextReader) private readonly cache: ContextReader,
    @Inject(HEALTH_FACTS) private readonly facts: HealthFacts,
  ) {}

  /** Whether the process lives. */
  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Whether hooks are to be sent here: with a PDP, or without one where the failure mode is open, as the answer shows.
   * A source or a cache that is unavailable does not make the gateway unready.
   */
  @Get('readyz')
  ready(@Res() reply: FastifyReply): void {
    reply.code(this.readiness.ready ? 200 : 503).send(this.document());
  }

  @Get('ext/aperture')
  aperture(@Res() reply: FastifyReply): void {
    reply.send(this.document());
  }

  private get readiness() {
    return readinessOf({
      pdpReady: this.pdp.ready,
      pdpWasReady: this.pdp.wasReady,
      uptimeMs: process.uptime() * 1000,
      failureModes: this.facts.failureModes,
    });
  }

  private document() {
    const { ready, withoutPdp } = this.readiness;
    const active = this.facts.breakGlass;
    return {
      status: ready ? 'ready' : 'unready',
      ...(withoutPdp ? { withoutPdp, failureModes: this.facts.failureModes } : {}),
      ...(active === undefined
        ? {}
        : {
            breakGlass: {
              id: active.id,
              key: active.key,
              until: new Date(active.until).toISOString(),
              category: active.category,
            },
          }),
      pdp: { ready: this.pdp.ready, revision: this.pdp.revision, faults: this.pdp.faults },
      cache: this.cache.redisReport,
    };
  }
}
