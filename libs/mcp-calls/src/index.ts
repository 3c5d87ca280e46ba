export {
  CallDecider,
  type Caller,
  type CallOrigin,
  type CallVerdict,
  type ClientInfo,
  type ListedTool,
  type McpCall,
  type ToolVisibility,
  toolKey,
} from './call-decider.js';
export {
  errorText,
  MESSAGE_LIMITS,
  RPC_ERRORS,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
  readMessage,
  resultText,
} from './json-rpc.js';
export { McpCallsModule } from './mcp-calls.module.js';
export { nameParameter, serverRequestRule } from './methods.js';
export { requestUse } from './request-use.js';
