export { withinLimits } from './call-limits.js';
export type { ExecutedCall, FormatId, RequestedCall } from './formats/llm-format.js';
export { readHookCalls } from './hook-calls.js';
export {
  type ReadBody,
  readProviderBody,
  rewriteProviderBody,
} from './provider-body.js';
export { readResponseCalls } from './response-calls.js';
export { withArgumentLimit } from './tool-params.js';
