import { canonicalPrincipal, type RefreshQueue } from '@iris/context-cache';
import type { ResourceRef, SourceId, Subject } from '@iris/contracts';
import { count } from '@iris/telemetry';
import { LRUCache } from 'lru-cache';

/** For how long a refresh that was asked for is not asked for again, in ms: a vendor that is down is not hurried. */
const PAUSE_MS = 5000;

/** Asks for refreshes of facts that are about to end, each once in a while. */
export class RefreshRequests {
  private readonly asked: LRUCache<string, true>;

  /** @param clock reports ms that only grow */
  constructor(
    private readonly queue: Pick<RefreshQueue, 'ask'> | undefined,
    clock: { now(): number } = performance,
  ) {
    this.asked = new LRUCache({ max: 10_000, ttl: PAUSE_MS, perf: clock });
  }

  ask(source: SourceId, subject: Subject, resource?: ResourceRef): void {
    // Facts about a resource are the same for all who act on it.
    const about =
      resource === undefined
        ? ['subject', canonicalPrincipal(subject.principal), subject.nodeId]
        : ['resource', resource.kind, resource.id];
    const key = JSON.stringify([source, ...about]);
    if (this.queue === undefined || this.asked.has(key)) return;
    this.asked.set(key, true);
    // Not awaited: the decision does not depend on it. The queue never throws.
    void this.queue
      .ask(source, subject, resource)
      .then((outcome) => count('iris.context.refreshes_asked', { source, outcome }));
  }
}
