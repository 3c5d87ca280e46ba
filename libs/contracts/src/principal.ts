import type { SourceId } from './generated/sources.js';
import type { JsonObject } from './json.js';
import type { ReasonId } from './reason-ids.js';

/** `user`: a login; `tagged-device`: a node of no person; `anonymous`: the hook names neither. */
export type PrincipalKind = 'user' | 'tagged-device' | 'anonymous';

/** Who a hook is from, before anything is known of them. */
export interface Identity {
  readonly kind: PrincipalKind;
  /** Login name for a user, stable node id for a tagged device, `anonymous` otherwise. */
  readonly id: string;
  /** Only for a user. */
  readonly loginName?: string;
  readonly nodeId?: string;
  readonly tailnet?: string;
  /** Capabilities of the tailnet policy, as the hook's `grants` carry them. */
  readonly capabilities?: JsonObject;
}

/** How usable a source's facts are, as policies see it. */
export type ContextStatus = 'fresh' | 'stale' | 'not_found' | 'unavailable';

/** What one source said of a subject. */
export interface SourceFacts {
  readonly status: ContextStatus;
  readonly attributes: JsonObject;
  /** Age of the entry in s; absent without one. */
  readonly ageSeconds?: number;
  /** Until when the facts count as fresh, in epoch ms; absent when there are none. */
  readonly freshUntil?: number;
  /** Until when they may be used, in epoch ms; absent when there are none. */
  readonly staleUntil?: number;
  /** Revision that the vendor gives its record; absent when it gives none. */
  readonly revision?: string;
  /** Set unless the status is fresh or stale. */
  readonly reason?: ReasonId;
  /** Where the facts came from, for evidence and metrics. */
  readonly origin: 'l1' | 'redis' | 'source' | 'none';
}

/** All that is known of the principal of a hook. Every configured source has an entry. */
export interface PrincipalContext {
  readonly identity: Identity;
  readonly roles: readonly string[];
  readonly sources: Readonly<Partial<Record<SourceId, SourceFacts>>>;
}
