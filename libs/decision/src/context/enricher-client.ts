import { type ClientUnaryCall, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  EnricherServiceClient,
  fromEnrichResponse,
  type ReasonId,
  type ResourceRef,
  type SourceAnswer,
  type Subject,
  toEnrichRequest,
} from '@iris/contracts';

interface SharedCall {
  readonly answer: Promise<SourceAnswer>;
  readonly call: ClientUnaryCall;
  waiters: number;
}

/**
 * One enricher. Concurrent questions about the same subject or resource share one call; the call is cancelled when the
 * hooks that wait for it are all gone. Never throws: a source that does not answer is `UNAVAILABLE`.
 */
export class EnricherClient {
  private readonly client: EnricherServiceClient;
  private readonly underWay = new Map<string, SharedCall>();

  /** @param address host:port of the enricher */
  constructor(address: string) {
    this.client = new EnricherServiceClient(address, credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    });
  }

  /**
   * @param key what is asked, so that equal questions are shared
   * @param timeoutMs how long the answer may take, in ms; 0 gives `UNAVAILABLE` at once
   * @param signal aborted when the hook is gone
   */
  async enrich(
    key: string,
    question: { readonly subject: Subject; readonly resource?: ResourceRef },
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<SourceAnswer> {
    if (timeoutMs <= 0) return unavailable('source_timeout');
    let shared = this.underWay.get(key);
    if (shared === undefined) {
      shared = this.start(key, question, timeoutMs);
      this.underWay.set(key, shared);
    }
    shared.waiters += 1;
    return waitFor(shared, timeoutMs, signal);
  }

  close(): void {
    this.client.close();
  }

  private start(
    key: string,
    { subject, resource }: { readonly subject: Subject; readonly resource?: ResourceRef },
    timeoutMs: number,
  ): SharedCall {
    let call: ClientUnaryCall | undefined;
    const answer = new Promise<SourceAnswer>((resolve) => {
      call = this.client.enrich(
        toEnrichRequest(subject, resource),
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          this.underWay.delete(key);
          resolve(error === null ? fromEnrichResponse(response) : unavailable(reasonOf(error.code)));
        },
      );
    });
    // The executor above has run, so the call exists.
    return { answer, call: call as unknown as ClientUnaryCall, waiters: 0 };
  }
}

async function waitFor(shared: SharedCall, timeoutMs: number, signal: AbortSignal): Promise<SourceAnswer> {
  return new Promise((resolve) => {
    const finish = (answer: SourceAnswer) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      shared.waiters -= 1;
      resolve(answer);
    };
    const onAbort = () => {
      finish(unavailable('source_cancelled'));
      if (shared.waiters === 0) shared.call.cancel();
    };
    const timer = setTimeout(() => finish(unavailable('source_timeout')), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    shared.answer.then(finish);
    if (signal.aborted) onAbort();
  });
}

function reasonOf(code: status | undefined): ReasonId {
  if (code === status.DEADLINE_EXCEEDED) return 'source_timeout';
  return code === status.CANCELLED ? 'source_cancelled' : 'source_unavailable';
}

function unavailable(reason: ReasonId): SourceAnswer {
  return { status: 'UNAVAILABLE', attributes: {}, observedAt: 0, freshUntil: 0, staleUntil: 0, reason };
}
