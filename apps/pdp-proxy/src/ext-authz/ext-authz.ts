import { isJsonObject, type JsonObject } from '@iris/contracts';
import { errorText, RPC_ERRORS } from '@iris/mcp-calls';
import type { Entry } from '../decide/index.js';
import type { Mapping } from '../enrich/index.js';
import { serverId } from './ext-mcp.js';
import type { CheckRequest, CheckResponse } from './generated/envoy/service/auth/v3/external_auth.js';
import type { HttpChecks } from './http-checks.js';
import type { McpAnswer, McpChecks, McpOrigin } from './mcp-checks.js';
import { loginOf } from './person.js';

/** Extension of a route by which Envoy's configuration names the MCP server behind it. */
const SERVER_EXTENSION = 'iris.dev/mcp-server';

/** Metadata of Envoy's MCP filter (1.37 and later). */
const MCP_FILTER = 'envoy.filters.http.mcp';

/** Codes of google.rpc.Code. */
const OK = 0;
const PERMISSION_DENIED = 7;

/** What is known of a request that a gateway asks about. */
interface Asked {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly scheme?: string;
  readonly body: string;
  readonly isPartial: boolean;
  readonly header: (name: string) => string | undefined;
}

/** Envoy's external authorization: MCP requests as the MCP gateway decides them, others as HTTP requests. */
export class ExtAuthz {
  constructor(
    private readonly mcp: McpChecks,
    private readonly http: HttpChecks,
    private readonly gateways: Mapping['gateways'],
  ) {}

  async check({ attributes }: CheckRequest, entry: Entry): Promise<CheckResponse> {
    const sent = attributes?.request?.http;
    if (sent === undefined) return deniedResponse(400, 'text/plain', 'the request has no HTTP attributes');
    const raw = attributes?.metadataContext?.filterMetadata ?? {};
    const metadata: JsonObject = Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, value ?? {}]));
    const header = headerReader(sent);
    const asked: Asked = {
      method: sent.method,
      target: sent.query !== '' && !sent.path.includes('?') ? `${sent.path}?${sent.query}` : sent.path,
      host: sent.host,
      ...(sent.scheme === '' ? {} : { scheme: sent.scheme }),
      body: sent.rawBody.length > 0 ? Buffer.from(sent.rawBody).toString('utf8') : sent.body,
      isPartial: header('x-envoy-auth-partial-body') === 'true' || lacksBytes(sent),
      header,
    };
    const certificate = attributes?.source?.principal || undefined;
    const login = loginOf(this.gateways.person, { metadata, header, certificate });
    const named = attributes?.contextExtensions[SERVER_EXTENSION];
    const filter = metadata[MCP_FILTER];
    if (named === undefined && filter === undefined) {
      const answer = await this.http.check({ ...asked, certificate }, login, sent.id, entry);
      return answer.allowed ? ALLOWED : deniedResponse(answer.status, 'application/json', problem(answer));
    }
    const origin: McpOrigin = {
      caller: entry.caller,
      protocol: 'ext_authz',
      login,
      // Never the host, which the client chooses: only the configuration of the route names the server.
      servers: named === undefined ? [] : [serverId(this.gateways, named)],
      sessionId: header('mcp-session-id'),
      userAgent: header('user-agent'),
    };
    const answer = await this.ofMcp(origin, asked, filter);
    if (answer.pass) return ALLOWED;
    // An MCP client reads the error only from a response that succeeds.
    return deniedResponse(200, 'application/json', errorText(idOf(asked, filter), answer.code, answer.message));
  }

  /** The plain HTTP form. @param server of the path that the gateway's configuration has; undefined for plain HTTP */
  async checkHttp(asked: Omit<Asked, 'isPartial'>, server: string | undefined, entry: Entry): Promise<HttpForm> {
    const { header } = asked;
    const isPartial = header('x-envoy-auth-partial-body') === 'true';
    const login = loginOf(this.gateways.person, { metadata: {}, header });
    if (server === undefined) {
      const answer = await this.http.check(asked, login, header('x-request-id') ?? '', entry);
      return answer.allowed ? { status: 200, text: '' } : { status: answer.status, text: problem(answer) };
    }
    const origin: McpOrigin = {
      caller: entry.caller,
      protocol: 'ext_authz',
      login,
      servers: [serverId(this.gateways, server)],
      sessionId: header('mcp-session-id'),
      userAgent: header('user-agent'),
    };
    const answer = await this.ofMcp(origin, { ...asked, isPartial }, undefined);
    if (answer.pass) return { status: 200, text: '' };
    return { status: 403, text: errorText(idOf(asked, undefined), answer.code, answer.message) };
  }

  private async ofMcp(origin: McpOrigin, asked: Asked, filter: unknown): Promise<McpAnswer> {
    const { method, body, isPartial } = asked;
    // Opens a stream or ends a session: no request is in it.
    if ((method === 'GET' || method === 'DELETE') && body === '') return { pass: true };
    if (isPartial) return invalid('the body is sent in part; raise max_request_bytes');
    if (body !== '') return this.mcp.message(origin, body);
    if (!isJsonObject(filter)) return invalid('the request has no body; send it with with_request_body');
    const { method: rpcMethod, params = {} } = filter;
    if (typeof rpcMethod !== 'string' || !isJsonObject(params)) return invalid('the MCP metadata has no method');
    if (rpcMethod.startsWith('notifications/')) return { pass: true };
    if (rpcMethod === 'tools/call' && params.arguments === undefined) {
      return invalid('the MCP metadata has no arguments, so the call cannot be judged; send the body');
    }
    return this.mcp.request(origin, rpcMethod, params);
  }
}

/** A reply of the plain HTTP form. */
export interface HttpForm {
  readonly status: number;
  /** JSON; empty when the request passes. */
  readonly text: string;
}

const ALLOWED: CheckResponse = {
  status: { code: OK, message: '' },
  httpResponse: { $case: 'okResponse', value: { headers: [], headersToRemove: [] } },
};

function deniedResponse(code: number, type: string, body: string): CheckResponse {
  return {
    status: { code: PERMISSION_DENIED, message: 'denied by Iris' },
    httpResponse: {
      $case: 'deniedResponse',
      value: {
        status: { code },
        headers: [
          { header: { key: 'content-type', value: type, rawValue: new Uint8Array() }, appendAction: OVERWRITE },
        ],
        body,
      },
    },
  };
}

/** `OVERWRITE_IF_EXISTS_OR_ADD`. */
const OVERWRITE = 2;

function problem({ status, message }: { readonly status: number; readonly message: string }): string {
  return JSON.stringify({ status, title: status === 403 ? 'Forbidden' : 'Not decided', detail: message });
}

function invalid(message: string): McpAnswer {
  return { pass: false, code: RPC_ERRORS.invalidRequest, message, isInvalid: true };
}

function headerReader({ headers, headerMap }: HttpAttributes): (name: string) => string | undefined {
  const listed = headerMap?.headers ?? [];
  return (name) => {
    if (listed.length === 0) return Object.hasOwn(headers, name) ? headers[name] : undefined;
    const found = listed.filter(({ key }) => key.toLowerCase() === name);
    const [first] = found;
    if (first === undefined || found.length > 1) return undefined;
    return first.rawValue.length > 0 ? Buffer.from(first.rawValue).toString('utf8') : first.value;
  };
}

/** Whether the request is longer than the body that was sent along; its size is -1 where Envoy does not know it. */
function lacksBytes({ size, body, rawBody }: HttpAttributes): boolean {
  const sent = Math.max(Buffer.byteLength(body), rawBody.length);
  return sent > 0 && Number(size) > sent;
}

type HttpAttributes = NonNullable<NonNullable<NonNullable<CheckRequest['attributes']>['request']>['http']>;

/** The id of the request, so that the client finds the error; null where it cannot be read. */
function idOf({ body }: Pick<Asked, 'body'>, filter: unknown): string | number | null {
  let id: unknown = isJsonObject(filter) ? filter.id : undefined;
  if (id === undefined) {
    try {
      const message: unknown = JSON.parse(body);
      id = isJsonObject(message) ? message.id : undefined;
    } catch {
      return null;
    }
  }
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : null;
}
