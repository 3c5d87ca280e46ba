import { canonicalPrincipal, type RefreshQueue } from '@iris/context-cache';
import type { ResourceRef, SourceId, Subject } from '@iris/contracts';
import { count } from '@iris/telemetry';
import { LRUCache } from 'lru-cache';

/** For how long a refresh that was asked for is not asked for again, in ms: a vendor that is down is not hurried. */
const PAUSE_MS = 5000;

/** Asks for refreshes of facts that are about to end, each once in a while. */
export class RefreshRequests {
  private readonly asked = new LRUCache<string, true>({ max: 10_000, ttl: PAUSE_MS });

  constructor(private readonly queue: Pick<RefreshQueue, 'ask'> | undefined) {}

  ask(source: SourceId, subject: Subject, resource?: ResourceRef): void {
    const key = JSON.stringify([
      source,
      canonicalPrincipal(subject.principal),
      subject.nodeId,
      resource?.kind,
      resource?.id,
    ]);
    if (this.queue === undefined || this.asked.has(key)) return;
    this.asked.set(key, true);
    // Not awaited: the decision does not depend on it. The queue never throws.
    void this.queue
      .ask(source, subject, resource)
      .then((outcome) => count('iris.context.refreshes_asked', { source, outcome }));
  }
}
