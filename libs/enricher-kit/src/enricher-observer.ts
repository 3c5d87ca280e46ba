import type { SourceId } from '@iris/contracts';
import { count, recordDuration, setGauge } from '@iris/telemetry';
import type { VendorErrorKind } from './vendor-error.js';

export type CircuitPosition = 'closed' | 'half_open' | 'open';

/** What came of a fetch from the vendor. */
export type FetchOutcome = 'found' | 'not_found' | VendorErrorKind;

/** What came of a refresh job: `not_needed` when the entry was read again meanwhile. */
export type RefreshOutcome = 'refreshed' | 'not_needed' | 'failed';

/** The outcome of a vendor's webhook: `repeated` when its event was handled before. */
export type WebhookOutcome = 'taken' | 'repeated' | 'refused' | 'not_passed_on';

/** Sees what the kit does. Methods must not throw. */
export interface EnricherObserver {
  /** @param ms duration of the fetch, retries and waiting included */
  fetched(outcome: FetchOutcome, ms: number): void;
  retried(reason: VendorErrorKind): void;
  circuitMoved(position: CircuitPosition): void;
  refreshed(outcome: RefreshOutcome): void;
  /** @param subjects how many subjects a bulk read has written since the last call */
  synced(subjects: number): void;
  /** @param at when the last bulk read that ended well began, in epoch ms */
  bulkRead(at: number): void;
  webhookHandled(outcome: WebhookOutcome, events: number): void;
  /** @param rows how many rows of the vendor were left out because their shape is not understood */
  leftOut(rows: number): void;
}

const POSITION_VALUES: Readonly<Record<CircuitPosition, number>> = { closed: 0, half_open: 1, open: 2 };

/** Records what the kit does in the metrics of the catalogue. */
export function meteredObserver(source: SourceId): EnricherObserver {
  return {
    fetched(outcome, ms) {
      count('iris.source.fetches', { source, outcome });
      recordDuration('iris.source.fetch.duration', ms, { source, outcome });
    },
    retried: (reason) => count('iris.source.retries', { source, reason }),
    circuitMoved: (position) => setGauge('iris.source.circuit', POSITION_VALUES[position], { source }),
    refreshed: (outcome) => count('iris.source.refreshes', { source, outcome }),
    synced: (subjects) => count('iris.source.synced_subjects', { source }, subjects),
    bulkRead: (at) => setGauge('iris.source.last_bulk_read', at / 1000, { source }),
    leftOut: (rows) => count('iris.source.rows_left_out', { source }, rows),
    webhookHandled: (outcome, events) => count('iris.source.pushes', { source, outcome }, events),
  };
}
