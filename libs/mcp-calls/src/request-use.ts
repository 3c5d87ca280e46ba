import { isJsonObject, type JsonObject, type ToolParams } from '@iris/contracts';
import type { McpCall } from './call-decider.js';
import { ambiguousParameter, requestRule } from './methods.js';

/** What a request of a client does, before anything is forwarded. */
export type RequestUse =
  /** It is decided first. */
  | { readonly kind: 'decided'; readonly use: ToolParams & Pick<McpCall, 'method' | 'tool' | 'toolUseId'> }
  | { readonly kind: 'passes' }
  | { readonly kind: 'unknown_method' }
  /** Another parser may read a parameter as one that was not judged. */
  | { readonly kind: 'ambiguous'; readonly parameter: string };

/** @param params of the JSON-RPC request */
export function requestUse(method: string, params: JsonObject): RequestUse {
  const rule = requestRule(method);
  if (rule === undefined) return { kind: 'unknown_method' };
  const parameter = ambiguousParameter(method, Object.keys(params));
  if (parameter !== undefined) return { kind: 'ambiguous', parameter };
  if (rule === 'tool') {
    const { name } = params;
    const tool = typeof name === 'string' ? name : '';
    return { kind: 'decided', use: { method, tool, toolUseId: toolUseIdOf(params), ...argumentsOf(params) } };
  }
  if (rule === 'server' || (rule === 'listen' && namesResources(params))) {
    const { _meta, ...own } = params;
    return { kind: 'decided', use: { method, paramsStatus: 'ok', params: own } };
  }
  return { kind: 'passes' };
}

/** In UTF-16 code units; a longer one is not a provider's. */
const MAX_TOOL_USE_ID = 256;

/** Claude Code states under which id the model made the call. It only joins records and upholds denials. */
function toolUseIdOf({ _meta }: JsonObject): string | undefined {
  const id = isJsonObject(_meta) ? _meta['claudecode/toolUseId'] : undefined;
  return typeof id === 'string' && id !== '' && id.length <= MAX_TOOL_USE_ID ? id : undefined;
}

/** A call without arguments is one of a tool that takes none. */
function argumentsOf(params: JsonObject): ToolParams {
  const given = params.arguments;
  if (given === undefined) return { paramsStatus: 'empty', params: {} };
  return isJsonObject(given) ? { paramsStatus: 'ok', params: given } : { paramsStatus: 'not_object' };
}

function namesResources({ notifications }: JsonObject): boolean {
  const uris = isJsonObject(notifications) ? notifications.resourceSubscriptions : undefined;
  return uris !== undefined && !(Array.isArray(uris) && uris.length === 0);
}
