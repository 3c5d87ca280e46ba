import type { DecisionRequest } from './decision-request.js';

/** The id under which the PDP logs the check, so that its audit entry and the evidence are joined. */
export function requestKeyOf({ requestId }: Pick<DecisionRequest, 'requestId'>, traceId: string | undefined): string {
  return requestId || traceId || 'unknown';
}
