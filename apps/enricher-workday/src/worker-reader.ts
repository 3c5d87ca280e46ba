import type { BulkRead, Finding, VendorCall } from '@iris/enricher-kit';

/** How workers are read: by reports, or by the staffing REST API. */
export interface WorkerReader {
  /** The worker of a work e-mail. */
  find(address: string, call: VendorCall): Promise<Finding>;
  /** Everybody, where a cheap read of all gives what `find` gives. */
  readonly bulk?: (call: VendorCall) => BulkRead;
}
