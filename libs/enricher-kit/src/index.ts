export * from './enricher-definition.js';
export { basic, bearer, type Credentials, type OAuth2Options, oauth2 } from './http/credentials.js';
export { failureOf, statusError } from './http/response-errors.js';
export { type HeaderMap, retryAfterMs } from './http/retry-after.js';
export {
  type GetOptions,
  nextLink,
  VendorHttp,
  type VendorHttpOptions,
  type VendorResponse,
} from './http/vendor-http.js';
export { type LoginKey, loginKey, sameAddress } from './login-key.js';
export { toVendorError, VendorError, type VendorErrorKind } from './vendor-error.js';
