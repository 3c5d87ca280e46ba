/** Records to be delivered together, in the order of the decisions. */
export interface EvidenceBatch {
  /** The same for the same batch, however often it is delivered. */
  readonly id: string;
  /** One record as JSON each. */
  readonly lines: readonly string[];
}

/** Where evidence goes. A batch that was delivered before may come again. */
export interface EvidenceSink {
  readonly name: 'file' | 'http' | 'otlp' | 's3' | 'decision_log';
  /**
   * Resolves when the sink has the whole batch for good.
   *
   * @throws RefusedError when the sink will never take these records; any other Error when it may later
   */
  deliver(batch: EvidenceBatch): Promise<void>;
  close(): Promise<void>;
}

/** A sink does not take these records, whenever it is asked. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
