export { abortable } from './abortable.js';
export { AnswerChain, type ChainOptions, type SharedCache } from './answer-chain.js';
export { kitSettings } from './app/kit.settings.js';
export { type RunningEnricher, startEnricher } from './app/start-enricher.js';
export * from './enricher-definition.js';
export type { EnricherObserver, FetchOutcome, RefreshOutcome } from './enricher-observer.js';
export { basic, bearer, type Credentials, type OAuth2Options, oauth2 } from './http/credentials.js';
export { refuseReportedError } from './http/error-beside-result.js';
export { type Page, pagedRows } from './http/paging.js';
export { hmacHex, pushJson, refusePush, sameSecret } from './http/pushes.js';
export { meterRateBudget } from './http/rate-budget.js';
export { failureOf, statusError } from './http/response-errors.js';
export { type HeaderMap, retryAfterMs } from './http/retry-after.js';
export {
  type GetOptions,
  nextLink,
  VendorHttp,
  type VendorHttpOptions,
  type VendorResponse,
  WHOLE_LIST_TIMEOUT_MS,
} from './http/vendor-http.js';
export type { Logger } from './logger.js';
export { type LoginKey, loginKey, sameAddress, subjectOfAddress } from './login-key.js';
export { runEnricher } from './run-enricher.js';
export { toVendorError, VendorError, type VendorErrorKind } from './vendor-error.js';
