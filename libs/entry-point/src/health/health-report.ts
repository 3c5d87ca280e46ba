import type { ContextReader } from '@iris/context-cache';
import type { ModeOverride } from '@iris/decision';
import type { PdpWatch } from './pdp-watch.js';
import { readinessOf } from './readiness.js';

/** Answers without a decision, by event: `closed` denies, `open` allows. */
export type FailureModes = Readonly<Record<string, 'closed' | 'open'>>;

/** What the probes and the start-up line of an entry point state. */
export class HealthReport {
  constructor(
    private readonly pdp: Pick<PdpWatch, 'ready' | 'wasReady' | 'revision' | 'faults'>,
    private readonly cache: Pick<ContextReader, 'redisReport'>,
    private readonly failureModes: FailureModes,
    private readonly override: () => ModeOverride | undefined,
  ) {}

  get ready(): boolean {
    return this.#readiness().ready;
  }

  /** The break-glass switch that is on now. */
  get breakGlass(): ModeOverride | undefined {
    return this.override();
  }

  document() {
    const { ready, withoutPdp } = this.#readiness();
    const active = this.breakGlass;
    return {
      status: ready ? 'ready' : 'unready',
      ...(withoutPdp ? { withoutPdp, failureModes: this.failureModes } : {}),
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

  #readiness() {
    return readinessOf({
      pdpReady: this.pdp.ready,
      pdpWasReady: this.pdp.wasReady,
      uptimeMs: process.uptime() * 1000,
      failureModes: this.failureModes,
    });
  }
}
