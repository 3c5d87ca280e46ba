import type { JsonObject } from '../json.js';
import type { ReasonId } from '../reason-ids.js';

/** What an enricher found. */
export type SourceStatus = 'FOUND' | 'NOT_FOUND' | 'UNAVAILABLE';

/** An enricher's answer. Times are epoch ms. */
export interface SourceAnswer {
  readonly status: SourceStatus;
  /** Only facts that are known. */
  readonly attributes: JsonObject;
  readonly observedAt: number;
  /** Until when the answer may be used as it is. Never later than the end of a fact in it. */
  readonly freshUntil: number;
  /** Until when the answer may be used, marked as stale. */
  readonly staleUntil: number;
  readonly revision?: string;
  /** Why there is no FOUND answer. */
  readonly reason?: ReasonId;
}

/** Who is asked about; `principal` is the key under which all that is cached of them is kept. */
export interface Subject {
  readonly principal: string;
  readonly loginName?: string;
  readonly nodeId?: string;
}

/** What is asked about, for sources that know resources. */
export interface ResourceRef {
  readonly kind: string;
  readonly id: string;
}
