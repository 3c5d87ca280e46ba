import { isJsonObject, type JsonObject } from '@iris/contracts';
import { parseDocument } from '@iris/json-document';
import { type CallDecider, MESSAGE_LIMITS, RPC_ERRORS, readMessage, requestUse, toolKey } from '@iris/mcp-calls';
import { count } from '@iris/telemetry';
import { type Caller, mayAsk } from '../callers/index.js';
import { identityOf } from './person.js';

/** Servers that one request may fan out to. */
const MAX_SERVERS = 32;

/** Who asks about an MCP request, for whom, and about which servers. */
export interface McpOrigin {
  readonly caller: Caller;
  readonly protocol: 'ext_authz' | 'ext_mcp';
  /** Login name of the person; undefined where the gateway names none. */
  readonly login: string | undefined;
  /** Ids of the servers in the catalog. */
  readonly servers: readonly string[];
  readonly sessionId?: string;
  readonly userAgent?: string;
}

export type McpAnswer =
  | { readonly pass: true }
  | {
      readonly pass: false;
      /** Code of the JSON-RPC error. */
      readonly code: number;
      readonly message: string;
      /** Whether the request itself is refused, and not a right of its person. */
      readonly isInvalid: boolean;
    };

const PASS: McpAnswer = { pass: true };

function refused(code: number, message: string, isInvalid = true): McpAnswer {
  return { pass: false, code, message, isInvalid };
}

/** Decides MCP requests that another gateway forwards, as the MCP gateway decides its own. */
export class McpChecks {
  constructor(
    private readonly decider: Pick<CallDecider, 'decide' | 'visibility'>,
    /** Kind of the resources that are asked about, which the caller must be permitted to ask about. */
    private readonly resourceKind: string,
  ) {}

  /** A whole message of a client. @param text JSON */
  async message(origin: McpOrigin, text: string): Promise<McpAnswer> {
    const parsed = parseDocument(text, MESSAGE_LIMITS);
    if (!parsed.ok) return refused(RPC_ERRORS.parse, `Parse error: ${parsed.reason}`);
    const message = readMessage(parsed.document.value);
    if (typeof message === 'string') return refused(RPC_ERRORS.invalidRequest, `Invalid Request: ${message}`);
    if (message.kind === 'response') return PASS;
    if (message.kind === 'notification') {
      return message.method.startsWith('notifications/')
        ? PASS
        : refused(RPC_ERRORS.invalidRequest, 'Invalid Request: a request needs an id');
    }
    return this.request(origin, message.method, message.params);
  }

  /** A request by its method and parameters. Never rejects. */
  async request(origin: McpOrigin, method: string, params: JsonObject): Promise<McpAnswer> {
    const use = requestUse(method, params);
    if (use.kind === 'unknown_method') return refused(RPC_ERRORS.methodNotFound, 'Method not found');
    if (use.kind === 'ambiguous') {
      const detail = `params.${use.parameter.slice(0, 64)} differs from a parameter by case alone`;
      return refused(RPC_ERRORS.invalidParams, detail);
    }
    if (use.kind === 'passes') return PASS;
    if (use.use.tool === '') return refused(RPC_ERRORS.invalidParams, 'params.name must be the name of a tool');
    const { caller, protocol, servers } = origin;
    if (!mayAsk(caller, this.resourceKind)) {
      count('iris.proxy.requests', { protocol, outcome: 'caller_not_permitted' });
      const message = `the caller ${caller.name} is not permitted to ask about the kind ${this.resourceKind}`;
      return refused(RPC_ERRORS.denied, message, false);
    }
    if (servers.length === 0) return refused(RPC_ERRORS.invalidRequest, 'the gateway names no MCP server');
    if (servers.length > MAX_SERVERS) return refused(RPC_ERRORS.invalidRequest, 'the gateway names too many servers');
    // One after the other: the first denial ends it, and nothing is decided, nor recorded, after it.
    for (const server of servers) {
      const verdict = await this.decider.decide({ ...use.use, server, origin: callOrigin(origin), canAsk: false });
      count('iris.proxy.requests', { protocol, outcome: 'ok' });
      if (verdict.action !== 'allow') return refused(RPC_ERRORS.denied, verdict.message, false);
    }
    return PASS;
  }

  /**
   * Positions of the listed tools that are never allowed. Never rejects. In a list of several servers a name starts with
   * its server's, as `<server>_<tool>`; a name that belongs to none of them is shown, and decided when it is called.
   */
  async hidden(origin: McpOrigin, names: readonly string[]): Promise<number[]> {
    const { servers } = origin;
    const tools = names.map((name) => {
      const server = servers.length === 1 ? servers[0] : servers.find((each) => name.startsWith(`${each}_`));
      if (server === undefined) return undefined;
      return { server, name: servers.length === 1 ? name : name.slice(server.length + 1) };
    });
    const known = tools.filter((tool) => tool !== undefined);
    if (known.length === 0 || !mayAsk(origin.caller, this.resourceKind)) return [];
    const { hidden } = await this.decider.visibility(callOrigin(origin), known);
    return tools.flatMap((tool, index) => (tool !== undefined && hidden.has(toolKey(tool)) ? [index] : []));
  }
}

function callOrigin({ caller, protocol, login, sessionId, userAgent }: McpOrigin) {
  return {
    caller: { who: identityOf(login), keyName: caller.name, mark: { name: caller.name, by: caller.by, protocol } },
    sessionId,
    userAgent,
  };
}

/** The parameters of a request as JSON. @returns undefined for what is no object, or cannot be read */
export function readParams(bytes: Uint8Array | undefined): JsonObject | undefined {
  if (bytes === undefined || bytes.length === 0) return {};
  const parsed = parseDocument(Buffer.from(bytes).toString('utf8'), MESSAGE_LIMITS);
  return parsed.ok && isJsonObject(parsed.document.value) ? parsed.document.value : undefined;
}
