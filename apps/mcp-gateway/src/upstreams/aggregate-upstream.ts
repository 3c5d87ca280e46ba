import { randomUUID } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { applyEdits, parseDocument } from '@iris/json-document';
import { errorText, MESSAGE_LIMITS, RPC_ERRORS, type RpcRequest, readMessage, resultText } from '@iris/mcp-calls';
import { encodedName, isStateless } from '../protocol/standard-headers.js';
import { answer, CAPABILITIES, DISCOVERED, empty, JSON_TYPE, listening, SERVER_INFO } from './aggregate-answers.js';
import { joinName, splitName } from './aggregate-names.js';
import { AggregateSession, drain } from './aggregate-session.js';
import { readAnswer, resultOf } from './read-answer.js';
import type { Upstream, UpstreamRequest, UpstreamResponse } from './upstream.js';

/** Path and place of the aggregate. No server has an id of this form. */
export const AGGREGATE = '*';

/** Pages of one server's listing that are read at most. */
const MAX_PAGES = 20;

const SESSION_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'];

export interface AggregateOptions {
  /** Largest listing of one server, in bytes. */
  readonly maxReadBytes: number;
  /** Called for a server whose listing cannot be had. */
  readonly onLeftOut: (server: string, error: Error) => void;
}

/** All servers as one: their tools and prompts, named `<server>_<name>`. */
export class AggregateUpstream implements Upstream {
  readonly id = AGGREGATE;
  private readonly sessions = new Map<string, AggregateSession>();

  constructor(
    private readonly servers: ReadonlyMap<string, Upstream>,
    private readonly options: AggregateOptions,
  ) {}

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    if (request.method === 'GET') return empty(405);
    const sessionId = request.headers['mcp-session-id'];
    const session = sessionId === undefined ? undefined : this.sessions.get(sessionId);
    if (request.method === 'DELETE') return this.end(sessionId, session);
    const parsed = parseDocument(request.body ?? '', MESSAGE_LIMITS);
    const message = parsed.ok ? readMessage(parsed.document.value) : 'no JSON';
    if (typeof message === 'string') return answer(400, errorText(null, RPC_ERRORS.invalidRequest, message));
    if (message.kind === 'request') return this.request(message, request, session);
    if (message.kind === 'notification' && session !== undefined && message.method !== 'notifications/initialized') {
      await this.broadcast(request, session);
    }
    return empty(202);
  }

  /** The servers are opened and closed by themselves. */
  async close(): Promise<void> {
    this.sessions.clear();
  }

  private request(
    message: RpcRequest,
    request: UpstreamRequest,
    session: AggregateSession | undefined,
  ): UpstreamResponse | Promise<UpstreamResponse> {
    const { id, method, params } = message;
    const stateless = isStateless(message, request.headers);
    if (method === 'initialize') return this.initialize(message);
    if (!stateless && session === undefined) {
      return answer(404, errorText(id, RPC_ERRORS.sessionNotFound, 'Session not found'));
    }
    switch (method) {
      case 'server/discover':
        return answer(200, resultText(id, DISCOVERED));
      case 'subscriptions/listen':
        return listening(message, request.signal);
      case 'ping':
        return answer(200, resultText(id, {}));
      case 'logging/setLevel':
        return this.broadcast(request, session).then(() => answer(200, resultText(id, {})));
      case 'tools/list':
        return this.list(message, 'tools', request, session, stateless);
      case 'prompts/list':
        return this.list(message, 'prompts', request, session, stateless);
      case 'tools/call':
      case 'prompts/get':
        return this.forward(message, request, session, ['params', 'name'], params.name);
      case 'completion/complete':
        return this.forward(
          message,
          request,
          session,
          ['params', 'ref', 'name'],
          isJsonObject(params.ref) ? params.ref.name : undefined,
        );
      default:
        return answer(stateless ? 404 : 200, errorText(id, RPC_ERRORS.methodNotFound, 'Method not found'));
    }
  }

  private initialize({ id, params }: RpcRequest): UpstreamResponse {
    const sessionId = randomUUID();
    const asked = String(params.protocolVersion);
    const protocolVersion = SESSION_VERSIONS.includes(asked) ? asked : (SESSION_VERSIONS[0] ?? asked);
    this.sessions.set(sessionId, new AggregateSession({ ...params, protocolVersion }, this.options.maxReadBytes));
    const result = { protocolVersion, capabilities: CAPABILITIES, serverInfo: SERVER_INFO };
    return { ...answer(200, resultText(id, result)), headers: { ...JSON_TYPE, 'mcp-session-id': sessionId } };
  }

  /** The whole listing at once: many clients read only the first page. A server that gives none is left out. */
  private async list(
    message: RpcRequest,
    kind: 'tools' | 'prompts',
    request: UpstreamRequest,
    session: AggregateSession | undefined,
    stateless: boolean,
  ): Promise<UpstreamResponse> {
    const listings = await Promise.all(
      [...this.servers.values()].map((upstream) =>
        this.listingOf(upstream, message, kind, request, session).catch((error: Error) => {
          this.options.onLeftOut(upstream.id, error);
          return [];
        }),
      ),
    );
    const result = {
      [kind]: listings.flat(),
      ...(stateless && { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }),
    };
    return answer(200, resultText(message.id, result));
  }

  private async listingOf(
    upstream: Upstream,
    { method, params }: RpcRequest,
    kind: 'tools' | 'prompts',
    request: UpstreamRequest,
    session: AggregateSession | undefined,
  ): Promise<JsonObject[]> {
    const headers = { ...withoutSession(request.headers), ...(await session?.headersFor(upstream)) };
    const found: JsonObject[] = [];
    let cursor: Json | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { cursor: _, ...rest } = params;
      const paged = { ...rest, ...(cursor !== undefined && { cursor }) };
      const body = JSON.stringify({ jsonrpc: '2.0', id: page, method, params: paged });
      const response = await upstream.send({ method: 'POST', headers, body, signal: request.signal });
      if (response.status === 404) session?.forget(upstream);
      const result = resultOf(await readAnswer(response, page, this.options.maxReadBytes));
      for (const item of Array.isArray(result[kind]) ? result[kind] : []) {
        if (!isJsonObject(item) || typeof item.name !== 'string') continue;
        found.push({ ...item, name: joinName({ server: upstream.id, name: item.name }) });
      }
      cursor = result.nextCursor;
      if (typeof cursor !== 'string') break;
    }
    return found;
  }

  private async forward(
    { id, method }: RpcRequest,
    request: UpstreamRequest,
    session: AggregateSession | undefined,
    path: readonly string[],
    joined: Json | undefined,
  ): Promise<UpstreamResponse> {
    const target = typeof joined === 'string' ? splitName(joined, this.servers) : undefined;
    const upstream = target && this.servers.get(target.server);
    const parsed = parseDocument(request.body ?? '', MESSAGE_LIMITS);
    if (target === undefined || upstream === undefined || !parsed.ok) {
      return answer(200, errorText(id, RPC_ERRORS.invalidParams, `Unknown name: ${String(joined).slice(0, 128)}`));
    }
    const body = applyEdits(parsed.document, [{ op: 'set', path, json: JSON.stringify(target.name) }]);
    const named = method !== 'completion/complete' && request.headers['mcp-name'] !== undefined;
    const headers = {
      ...withoutSession(request.headers),
      ...(named && { 'mcp-name': encodedName(target.name) }),
      ...(await session?.headersFor(upstream)),
    };
    const response = await upstream.send({ ...request, headers, body });
    if (response.status === 404) session?.forget(upstream);
    return response;
  }

  private async broadcast(request: UpstreamRequest, session: AggregateSession | undefined): Promise<void> {
    await session?.forEach(this.servers, async (upstream, headers) => {
      await drain(await upstream.send({ ...request, headers: { ...withoutSession(request.headers), ...headers } }));
    });
  }

  private async end(id: string | undefined, session: AggregateSession | undefined): Promise<UpstreamResponse> {
    if (id === undefined || session === undefined) return empty(404);
    this.sessions.delete(id);
    const signal = AbortSignal.timeout(10_000);
    await session.forEach(this.servers, async (upstream, headers) => {
      if ('mcp-session-id' in headers) await drain(await upstream.send({ method: 'DELETE', headers, signal }));
    });
    return empty(200);
  }
}

function withoutSession({ 'mcp-session-id': _, ...headers }: Readonly<Record<string, string>>): Record<string, string> {
  return headers;
}
