import type { ContextWriter } from '@iris/context-cache';
import type { SourceId } from '@iris/contracts';
import type { AnswerChain } from '../answer-chain.js';
import type { CircuitPosition } from '../enricher-observer.js';

export interface HealthReport {
  readonly status: 'ok';
  readonly source: SourceId;
  readonly circuit: CircuitPosition;
  /** `none`: no Redis is configured. */
  readonly redis: 'ok' | 'unavailable' | 'none';
}

/** What an enricher says of itself. */
export class EnricherHealth {
  constructor(
    private readonly source: SourceId,
    private readonly chain: AnswerChain,
    private readonly writer: ContextWriter | undefined,
  ) {}

  report(): HealthReport {
    const redis = this.writer === undefined ? 'none' : this.writer.available ? 'ok' : 'unavailable';
    return { status: 'ok', source: this.source, circuit: this.chain.circuit, redis };
  }
}
