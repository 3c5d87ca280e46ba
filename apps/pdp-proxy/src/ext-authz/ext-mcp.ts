import { isJsonObject, type JsonObject } from '@iris/contracts';
import { applyEdits, parseDocument } from '@iris/json-document';
import { MESSAGE_LIMITS, RPC_ERRORS } from '@iris/mcp-calls';
import type { Caller } from '../callers/index.js';
import type { Mapping } from '../enrich/index.js';
import {
  AuthorizationError_Code,
  type McpRequest,
  type McpRequestResult,
  type McpResponse,
  type McpResponseResult,
} from './generated/agentgateway/ext_mcp.js';
import { type McpAnswer, type McpChecks, type McpOrigin, readParams } from './mcp-checks.js';
import { loginOf } from './person.js';

const PASS = { $case: 'pass', value: {} } as const;

/**
 * agentgateway's ExtMcp: requests are decided before they reach their server, listings lose the tools that are never
 * allowed. The gateway fails closed when it gets no answer.
 */
export class ExtMcp {
  constructor(
    private readonly checks: McpChecks,
    private readonly gateways: Mapping['gateways'],
  ) {}

  async checkRequest(caller: Caller, request: McpRequest): Promise<McpRequestResult> {
    const params = readParams(request.mcpRequest);
    if (params === undefined) return { result: error(invalid('the parameters are no JSON object that can be read')) };
    const answer = await this.checks.request(this.origin(caller, request, request.headers), request.method, params);
    return { result: answer.pass ? PASS : error(answer) };
  }

  async checkResponse(caller: Caller, response: McpResponse): Promise<McpResponseResult> {
    if (response.method !== 'tools/list') return { result: PASS };
    const parsed = parseDocument(Buffer.from(response.mcpResponse).toString('utf8'), MESSAGE_LIMITS);
    const result = parsed.ok && isJsonObject(parsed.document.value) ? parsed.document.value : undefined;
    if (!parsed.ok || result === undefined || !Array.isArray(result.tools)) {
      return { result: error(invalid('the listing is no JSON object with tools that can be read')) };
    }
    const names = result.tools.map((tool) => (isJsonObject(tool) && typeof tool.name === 'string' ? tool.name : ''));
    const hidden = await this.checks.hidden(this.origin(caller, response, []), names);
    if (hidden.length === 0) return { result: PASS };
    const edits = hidden.map((index) => ({ op: 'remove' as const, path: ['tools', index] }));
    return { result: { $case: 'mutated', value: Buffer.from(applyEdits(parsed.document, edits)) } };
  }

  private origin(
    caller: Caller,
    { serviceNames, metadataContext }: Pick<McpRequest, 'serviceNames' | 'metadataContext'>,
    headers: McpRequest['headers'],
  ): McpOrigin {
    const header = (name: string) => {
      const found = headers.filter(({ key }) => key.toLowerCase() === name);
      // Two values of one header: another parser may read the other one.
      return found.length === 1 ? Buffer.from(found[0]?.value ?? []).toString('utf8') : undefined;
    };
    const metadata: JsonObject = metadataContext ?? {};
    return {
      caller,
      protocol: 'ext_mcp',
      login: loginOf(this.gateways.person, { metadata, header }),
      servers: serviceNames.map((name) => serverId(this.gateways, name)),
      sessionId: header('mcp-session-id'),
      userAgent: header('user-agent'),
    };
  }
}

/** The id in the catalog of a server as its gateway names it. */
export function serverId({ servers }: Mapping['gateways'], name: string): string {
  return (Object.hasOwn(servers, name) ? servers[name] : undefined) ?? name;
}

function invalid(message: string): McpAnswer & { pass: false } {
  return { pass: false, code: RPC_ERRORS.invalidParams, message, isInvalid: true };
}

function error({ code, message, isInvalid }: McpAnswer & { pass: false }) {
  return {
    $case: 'error' as const,
    value: {
      code: isInvalid ? AuthorizationError_Code.INVALID : AuthorizationError_Code.PERMISSION_DENIED,
      reason: message,
      mcpError: Buffer.from(JSON.stringify({ code, message })),
    },
  };
}
