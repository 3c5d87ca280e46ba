export { isMadeId } from './call-ids.js';
export type { ExecutedCall, FormatId, RequestedCall } from './formats/llm-format.js';
export { type HookCalls, type RewritableBody, readHookCalls } from './hook-calls.js';
export {
  type BodyDecisions,
  type ReadBody,
  type RewriteResult,
  readProviderBody,
  rewriteProviderBody,
} from './provider-body.js';
export { readResponseCalls } from './response-calls.js';
