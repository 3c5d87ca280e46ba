import { Metadata, status } from '@grpc/grpc-js';
import { SharedCalls } from '@iris/context-cache';
import {
  EnricherServiceClient,
  fromEnrichResponse,
  type ReasonId,
  type ResourceRef,
  type SourceAnswer,
  type Subject,
  toEnrichRequest,
} from '@iris/contracts';
import { type Certificates, channelCredentials } from '@iris/grpc-tls';

/**
 * One enricher. Concurrent questions about the same subject or resource share one call; the call is cancelled when the
 * hooks that wait for it are all gone. Never throws: a source that does not answer is `UNAVAILABLE`.
 */
export class EnricherClient {
  private readonly client: EnricherServiceClient;
  private readonly shared = new SharedCalls<SourceAnswer>();

  /**
   * @param address host:port of the enricher
   * @param certificates with them the enricher is reached over TLS
   */
  constructor(address: string, certificates?: Certificates) {
    this.client = new EnricherServiceClient(address, channelCredentials(certificates), {
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
    return new Promise((resolve) => {
      // Who gives up at its own deadline does not cancel the call: the next question then finds a warm entry.
      const timer = setTimeout(() => resolve(unavailable('source_timeout')), timeoutMs);
      this.shared
        .run(key, signal, (abandoned) => this.ask(question, timeoutMs, abandoned))
        .catch(() => unavailable(signal.aborted ? 'source_cancelled' : 'source_unavailable'))
        .then((answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
    });
  }

  close(): void {
    this.client.close();
  }

  private ask(
    { subject, resource }: { readonly subject: Subject; readonly resource?: ResourceRef },
    timeoutMs: number,
    abandoned: AbortSignal,
  ): Promise<SourceAnswer> {
    return new Promise((resolve) => {
      const call = this.client.enrich(
        toEnrichRequest(subject, resource),
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, response) => resolve(error === null ? fromEnrichResponse(response) : unavailable(reasonOf(error.code))),
      );
      abandoned.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }
}

function reasonOf(code: status | undefined): ReasonId {
  if (code === status.DEADLINE_EXCEEDED) return 'source_timeout';
  return code === status.CANCELLED ? 'source_cancelled' : 'source_unavailable';
}

function unavailable(reason: ReasonId): SourceAnswer {
  return { status: 'UNAVAILABLE', attributes: {}, observedAt: 0, freshUntil: 0, staleUntil: 0, reason };
}
