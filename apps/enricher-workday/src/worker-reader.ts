import type { BulkRead, LookupResult, VendorCall } from '@iris/enricher-kit';

/** How workers are read: by reports, or by the staffing REST API. */
export interface WorkerReader {
  /** The worker of a work e-mail. */
  find(address: string, call: VendorCall): Promise<LookupResult>;
  /** Everybody, where a cheap read of all gives what `find` gives. */
  readonly bulk?: (call: VendorCall) => BulkRead;
}
