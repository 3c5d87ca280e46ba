export { abortable } from './abortable.js';
export { kitSettings } from './app/kit.settings.js';
export * from './enricher-definition.js';
export { basic, bearer, type Credentials, oauth2 } from './http/credentials.js';
export { refuseReportedError } from './http/error-beside-result.js';
export { type Page, pagedRows } from './http/paging.js';
export { meterRateBudget } from './http/rate-budget.js';
export { failureOf, statusError } from './http/response-errors.js';
export { type HeaderMap, retryAfterMs } from './http/retry-after.js';
export {
  type GetOptions,
  nextLink,
  VendorHttp,
  type VendorResponse,
  WHOLE_LIST_TIMEOUT_MS,
} from './http/vendor-http.js';
export { hmacHex, refuseWebhook, sameSecret, webhookJson } from './http/webhook-body.js';
export { loginKey, sameAddress, subjectOfAddress } from './login-key.js';
export { runEnricher } from './run-enricher.js';
export { toVendorError, VendorError } from './vendor-error.js';
