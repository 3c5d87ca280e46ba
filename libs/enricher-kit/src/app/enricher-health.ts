import { type RedisConnection, type RedisReport, redisReport } from '@iris/context-cache';
import type { SourceId } from '@iris/contracts';
import type { AnswerChain } from '../answer-chain.js';
import type { CircuitPosition } from '../enricher-observer.js';

export interface HealthReport {
  readonly status: 'ok';
  readonly source: SourceId;
  readonly circuit: CircuitPosition;
  /** `none`: no Redis is configured. */
  readonly redis: RedisReport['redis'] | 'none';
  readonly redisCondition?: RedisReport['redisCondition'];
  /** Rows that the last bulk read of this replica left out because their shape is not understood; absent for none. */
  readonly rowsLeftOut?: number;
}

/** What an enricher reports about itself. */
export class EnricherHealth {
  constructor(
    private readonly source: SourceId,
    private readonly chain: AnswerChain,
    private readonly redis: RedisConnection | undefined,
    private readonly rowsLeftOut: () => number,
  ) {}

  report(): HealthReport {
    const redis = this.redis === undefined ? ({ redis: 'none' } as const) : redisReport(this.redis);
    const rows = this.rowsLeftOut();
    const leftOut = rows === 0 ? {} : { rowsLeftOut: rows };
    return { status: 'ok', source: this.source, circuit: this.chain.circuit, ...redis, ...leftOut };
  }
}
