import { type HttpEndpoint, startHttpEndpoint } from '../../../apps/auditor/test/http-endpoint.js';

/** What the matrix needs to know of a delivered record. */
export interface DeliveredRecord {
  readonly effect: string;
  readonly totalMs: number;
  /** Status of each source, and the reason of one that is unavailable. */
  readonly context: Readonly<Record<string, { readonly status: string; readonly reason?: string }>>;
}

/** Where the auditor delivers to: knows of each request what was decided, and forgets the rest. */
export class EvidenceSink {
  readonly #records = new Map<string, DeliveredRecord>();
  readonly #ids = new Set<string>();
  #repeats = 0;
  readonly #endpoint: HttpEndpoint;
  /** Larger batches are refused as too large. */
  mostRecords = Number.POSITIVE_INFINITY;

  private constructor(endpoint: HttpEndpoint) {
    this.#endpoint = endpoint;
    endpoint.answer = ({ lines }) => {
      if (lines.length > this.mostRecords) return 413;
      for (const line of lines) this.#take(JSON.parse(line));
      // Nothing is kept twice: a long run would hold all of it.
      endpoint.taken.length = 0;
      endpoint.received.length = 0;
      return 200;
    };
  }

  static async start(): Promise<EvidenceSink> {
    return new EvidenceSink(await startHttpEndpoint());
  }

  get url(): string {
    return this.#endpoint.url;
  }

  /** How many different records came. */
  get size(): number {
    return this.#ids.size;
  }

  /** How many records came more than once. */
  get repeats(): number {
    return this.#repeats;
  }

  of(requestId: string): DeliveredRecord | undefined {
    return this.#records.get(requestId);
  }

  /** Forgets requests that are accounted for. */
  forget(): void {
    this.#records.clear();
  }

  close(): Promise<void> {
    return this.#endpoint.close();
  }

  #take(record: {
    readonly id: string;
    readonly requestId?: string;
    readonly effect: string;
    readonly durationsMs: { readonly total: number };
    readonly principal: { readonly attr: { readonly context?: DeliveredRecord['context'] } };
  }): void {
    if (this.#ids.has(record.id)) this.#repeats += 1;
    this.#ids.add(record.id);
    if (record.requestId === undefined) return;
    this.#records.set(record.requestId, {
      effect: record.effect,
      totalMs: record.durationsMs.total,
      context: record.principal.attr.context ?? {},
    });
  }
}
