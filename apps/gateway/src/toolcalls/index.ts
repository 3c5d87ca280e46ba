export type { DeclaredTool, ExecutedCall, FormatId, RequestedCall } from './formats/llm-format.js';
export { type HookCalls, readHookCalls } from './hook-calls.js';
export {
  type BodyDecisions,
  type ReadBody,
  type ReadBodyResult,
  type RewriteResult,
  readProviderBody,
  rewriteProviderBody,
} from './provider-body.js';
export { type ResponseCalls, type ResponseSources, readResponseCalls } from './response-calls.js';
