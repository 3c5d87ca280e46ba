export { withinLimits } from './call-limits.js';
export type { ExecutedCall, FormatId, RequestedCall } from './formats/llm-format.js';
export { type HookCalls, type RewritableBody, type RewrittenBody, readHookCalls } from './hook-calls.js';
export {
  type BodyDecisions,
  type ReadBody,
  readProviderBody,
  rewriteProviderBody,
} from './provider-body.js';
export { readResponseCalls } from './response-calls.js';
export { withArgumentLimit } from './tool-params.js';
