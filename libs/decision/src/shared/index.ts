export { Budget, REPLY_RESERVE_MS } from './budget.js';
export { closedOnShutdown } from './closed-on-shutdown.js';
export type { DecidedCall, PreparedPrincipal, ResourceFactsByPart } from './decided-call.js';
export type { DecisionRequest } from './decision-request.js';
export { PolicyRevision } from './policy-revision.js';
export type { CallerMark, Mode, RecordedRequest, RequestOutcome } from './request-outcome.js';
export { sessionAttributes } from './session-attributes.js';
export { CATALOG, LOGGER, MODE_OVERRIDE, PDP, POLICIES, REDIS } from './tokens.js';
