import { withoutPrototypeKeys } from '../json.js';
import { isReasonId } from '../reason-ids.js';
import {
  type EnrichRequest,
  type EnrichResponse,
  EnrichResponse_Status,
} from './generated/iris/enricher/v1/enricher.js';
import type { ResourceRef, SourceAnswer, SourceStatus, Subject } from './source-answer.js';

export { EnricherServiceClient, EnricherServiceService } from './generated/iris/enricher/v1/enricher.js';
export type { EnrichRequest, EnrichResponse };

/** gRPC package and service of an enricher. */
export const ENRICHER_PACKAGE = 'iris.enricher.v1';
export const ENRICHER_SERVICE = 'EnricherService';

const STATUS_TO_WIRE: Record<SourceStatus, EnrichResponse_Status> = {
  FOUND: EnrichResponse_Status.STATUS_FOUND,
  NOT_FOUND: EnrichResponse_Status.STATUS_NOT_FOUND,
  UNAVAILABLE: EnrichResponse_Status.STATUS_UNAVAILABLE,
};

const STATUS_FROM_WIRE: Record<EnrichResponse_Status, SourceStatus> = {
  [EnrichResponse_Status.STATUS_UNSPECIFIED]: 'UNAVAILABLE',
  [EnrichResponse_Status.STATUS_FOUND]: 'FOUND',
  [EnrichResponse_Status.STATUS_NOT_FOUND]: 'NOT_FOUND',
  [EnrichResponse_Status.STATUS_UNAVAILABLE]: 'UNAVAILABLE',
};

/**
 * The request for facts about a subject, or about a resource.
 *
 * @param fromVendor asks the vendor even where a usable answer is cached
 */
export function toEnrichRequest(subject: Subject, resource?: ResourceRef, fromVendor = false): EnrichRequest {
  return {
    subject: {
      principal: subject.principal,
      loginName: subject.loginName ?? '',
      nodeId: subject.nodeId ?? '',
    },
    resource,
    fromVendor,
  };
}

/** What an enricher is asked. */
export interface EnrichQuestion {
  readonly subject: Subject;
  readonly resource?: ResourceRef;
  /** Whether the vendor is asked even where a usable answer is cached. */
  readonly fromVendor: boolean;
}

/** The subject and resource of a request; empty texts on the wire become absent. */
export function fromEnrichRequest(request: EnrichRequest): EnrichQuestion {
  const subject: Subject = {
    principal: request.subject?.principal ?? '',
    loginName: request.subject?.loginName || undefined,
    nodeId: request.subject?.nodeId || undefined,
  };
  return { subject, resource: request.resource, fromVendor: request.fromVendor };
}

/** A source's answer in the form of the wire. A `__proto__` key, which a vendor has no fact for, is left out. */
export function toEnrichResponse(answer: SourceAnswer): EnrichResponse {
  return {
    status: STATUS_TO_WIRE[answer.status],
    attributes: withoutPrototypeKeys(answer.attributes),
    observedAt: new Date(answer.observedAt),
    freshUntil: new Date(answer.freshUntil),
    staleUntil: new Date(answer.staleUntil),
    sourceRevision: answer.revision ?? '',
    reasonId: answer.reason ?? '',
  };
}

/**
 * A source's answer from the wire. An unknown status or reason counts as unavailable, never as found; so does a found
 * subject without attributes, since an enricher that knows of none sends an empty set of them.
 */
export function fromEnrichResponse(response: EnrichResponse): SourceAnswer {
  const known = STATUS_FROM_WIRE[response.status] ?? 'UNAVAILABLE';
  const status = known === 'FOUND' && response.attributes === undefined ? 'UNAVAILABLE' : known;
  const reason = isReasonId(response.reasonId) ? response.reasonId : undefined;
  return {
    status,
    attributes: response.attributes ?? {},
    observedAt: response.observedAt?.getTime() ?? 0,
    freshUntil: response.freshUntil?.getTime() ?? 0,
    staleUntil: response.staleUntil?.getTime() ?? 0,
    revision: response.sourceRevision || undefined,
    reason: status === 'FOUND' ? undefined : (reason ?? 'source_unavailable'),
  };
}
