import type { DecisionRequest } from '../shared/decision-request.js';

/** A request of a person, with what a spec is about. */
export function requestOf(changes: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    event: 'pre_request',
    keyName: 'k',
    arrivedAt: 0,
    who: { kind: 'user', id: 'ana@example.com', loginName: 'ana@example.com' },
    attributes: {},
    sessionAttributes: {},
    ...changes,
  };
}
