import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject } from '@iris/contracts';
import { parseDocument } from '@iris/json-document';
import {
  type CallDecider,
  type CallOrigin,
  errorText,
  RPC_ERRORS,
  type RpcMessage,
  type RpcRequest,
  readMessage,
  requestUse,
  resultText,
} from '@iris/mcp-calls';
import { SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import type { BodyReader } from '../http/read-body.js';
import { checkStandardHeaders, isStateless } from '../protocol/standard-headers.js';
import type { ListChanges } from '../sessions/list-changes.js';
import type { Session, SessionTable } from '../sessions/session-table.js';
import { type Upstream, UpstreamError, type UpstreamResponse } from '../upstreams/upstream.js';
import { type Exchange, forwardedHeaders, headerOf, sendJson } from './exchange.js';
import { PacedWriter } from './paced-writer.js';
import { type MessageRules, type OpenStream, relayEvents, relayJson } from './relay-response.js';
import { MESSAGE_LIMITS, type ServerMessageContext, treatMessage } from './treat-message.js';

export interface PlaceOptions {
  readonly decider: CallDecider;
  readonly sessions: SessionTable;
  readonly bodies: BodyReader;
  readonly changes: ListChanges;
  /** Largest message of a server that is read as a whole, in bytes. */
  readonly maxReadBytes: number;
  readonly onUpstreamError: (server: string, error: Error) => void;
}

/** A request in its session, or one that needs none. */
interface Incoming {
  readonly exchange: Exchange;
  readonly text: string;
  readonly message: RpcMessage;
  readonly stateless: boolean;
  readonly session?: Session;
}

/** The path of one server. */
export class ServerPlace {
  constructor(
    private readonly upstream: Upstream,
    private readonly options: PlaceOptions,
  ) {}

  async handle(exchange: Exchange): Promise<void> {
    const { method } = exchange.request;
    if (method === 'POST') await this.post(exchange);
    else if (method === 'GET' || method === 'DELETE') await this.inSession(exchange, method);
    else {
      exchange.response.setHeader('allow', 'GET, POST, DELETE');
      sendJson(exchange, 405, errorText(null, RPC_ERRORS.invalidRequest, 'Method not allowed'));
    }
  }

  private async post(exchange: Exchange): Promise<void> {
    const body = await this.options.bodies.read(exchange.request);
    if (!body.ok) return sendJson(exchange, body.status, errorText(null, RPC_ERRORS.invalidRequest, body.detail));
    const parsed = parseDocument(body.text, MESSAGE_LIMITS);
    if (!parsed.ok) return sendJson(exchange, 400, errorText(null, RPC_ERRORS.parse, `Parse error: ${parsed.reason}`));
    const message = readMessage(parsed.document.value);
    if (typeof message === 'string') {
      return sendJson(exchange, 400, errorText(null, RPC_ERRORS.invalidRequest, `Invalid Request: ${message}`));
    }
    const stateless = isStateless(message, exchange.request.headers);
    const id = message.kind === 'request' ? message.id : null;
    if (stateless) {
      const refusal = checkStandardHeaders(message, exchange.request.headers);
      if (refusal !== undefined) return sendJson(exchange, 400, errorText(id, refusal.code, refusal.message));
      return this.take({ exchange, text: body.text, message, stateless });
    }
    const sessionId = headerOf(exchange, 'mcp-session-id');
    if (message.kind === 'request' && message.method === 'initialize' && sessionId === undefined) {
      return this.initialize({ exchange, text: body.text, message, stateless });
    }
    const session = this.session(exchange, sessionId, id);
    if (session !== undefined) await this.take({ exchange, text: body.text, message, stateless, session });
  }

  /** @returns undefined when the request is answered, because it has no session of its caller */
  private session(exchange: Exchange, id: string | undefined, requestId: string | number | null): Session | undefined {
    if (id === undefined) {
      sendJson(exchange, 400, errorText(requestId, -32000, 'Bad Request: Mcp-Session-Id header is required'));
      return undefined;
    }
    const session = this.options.sessions.find(id, exchange.caller, this.upstream.id);
    if (session === undefined) {
      sendJson(exchange, 404, errorText(requestId, RPC_ERRORS.sessionNotFound, 'Session not found'));
    }
    return session;
  }

  private async initialize(incoming: Incoming): Promise<void> {
    const { exchange, message } = incoming;
    if (message.kind !== 'request') return;
    const session = this.options.sessions.begin(exchange.caller, this.upstream.id, message.params);
    if (session === undefined) {
      return sendJson(exchange, 503, errorText(message.id, RPC_ERRORS.internal, 'Too many sessions: end one first'));
    }
    let begun = false;
    await this.forward({ ...incoming, session }, () => {
      begun = true;
    });
    if (!begun) this.options.sessions.end(session);
  }

  private async take(incoming: Incoming): Promise<void> {
    const { exchange, message, stateless } = incoming;
    if (message.kind !== 'request') return this.forward(incoming);
    const use = requestUse(message.method, message.params);
    if (use.kind === 'unknown_method') {
      const text = errorText(message.id, RPC_ERRORS.methodNotFound, 'Method not found');
      return sendJson(exchange, stateless ? 404 : 200, text);
    }
    if (use.kind === 'ambiguous') {
      const detail = `params.${use.parameter.slice(0, 64)} differs from a parameter by case alone`;
      return sendJson(exchange, 400, errorText(message.id, RPC_ERRORS.invalidParams, detail));
    }
    if (use.kind === 'decided') {
      const { decider } = this.options;
      const origin = originOf(exchange, incoming.session);
      const verdict = await decider.decide({ ...use.use, origin, server: this.upstream.id, canAsk: false });
      if (verdict.action !== 'allow') {
        return sendJson(exchange, 200, denialText(message, verdict.message, stateless));
      }
    }
    await this.forward(incoming);
  }

  /** Ends the session at the server, after its client has left it. */
  end(session: Session): void {
    const id = session.upstream.get(this.upstream.id);
    if (!id) return;
    this.upstream
      .send({ method: 'DELETE', headers: { 'mcp-session-id': id }, signal: AbortSignal.timeout(10_000) })
      .then(drained)
      .catch((error) => this.options.onUpstreamError(this.upstream.id, error));
  }

  /** A stream for what belongs to no request, or the end of a session. */
  private async inSession(exchange: Exchange, method: 'GET' | 'DELETE'): Promise<void> {
    const session = this.session(exchange, headerOf(exchange, 'mcp-session-id'), null);
    if (session === undefined) return;
    if (method === 'DELETE') this.options.sessions.end(session);
    await this.exchangeWith(exchange, session, method);
  }

  private async exchangeWith(exchange: Exchange, session: Session, method: 'GET' | 'DELETE'): Promise<void> {
    const headers = this.headersFor(exchange, session);
    try {
      const response = await this.upstream.send({ method, headers, signal: exchange.signal });
      if (method === 'DELETE') {
        await drained(response);
        exchange.response.writeHead(response.status === 405 ? 200 : response.status).end();
        return;
      }
      const onOpen = (stream: OpenStream) => {
        session.streams.add(stream);
        return () => session.streams.delete(stream);
      };
      if (response.status === 405) await drained(response);
      const opened = response.status === 405 ? silentStream(exchange.signal) : response;
      session.open += 1;
      try {
        await this.relay({ exchange, session, stateless: false }, opened, undefined, onOpen);
      } finally {
        session.open -= 1;
      }
    } catch (error) {
      this.fail(exchange, null, error as Error);
    }
  }

  /** @param onSession called when the server accepts the handshake, before the head of the response */
  private async forward(incoming: Incoming, onSession?: () => void): Promise<void> {
    const { exchange, message, text, session } = incoming;
    const id = message.kind === 'request' ? message.id : null;
    if (session !== undefined) session.open += 1;
    try {
      const headers = this.headersFor(exchange, session);
      const response = await this.upstream.send({ method: 'POST', headers, body: text, signal: exchange.signal });
      const isHandshake = onSession !== undefined && session !== undefined && response.status === 200;
      if (isHandshake) {
        session.upstream.set(this.upstream.id, response.headers['mcp-session-id'] ?? '');
        onSession();
      }
      await this.relay(incoming, response, isHandshake ? session.id : undefined, this.listening(incoming));
    } catch (error) {
      this.fail(exchange, id, error as Error);
    } finally {
      if (session !== undefined) {
        session.open -= 1;
        session.usedAt = Date.now();
      }
    }
  }

  /** For a stream whose client asked for changes of the list of tools. */
  private listening({ exchange, message }: Incoming): ((stream: OpenStream) => () => void) | undefined {
    if (message.kind !== 'request' || message.method !== 'subscriptions/listen') return undefined;
    const { notifications } = message.params;
    if (!isJsonObject(notifications) || notifications.toolsListChanged !== true) return undefined;
    const text = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: { _meta: { [SUBSCRIPTION_ID_META_KEY]: message.id } },
    });
    return (stream) => this.options.changes.listen(exchange.caller, stream, text);
  }

  private headersFor(exchange: Exchange, session: Session | undefined): Record<string, string> {
    const id = session?.upstream.get(this.upstream.id);
    return { ...forwardedHeaders(exchange), ...(id && { 'mcp-session-id': id }) };
  }

  private async relay(
    { exchange, session, stateless }: Pick<Incoming, 'exchange' | 'session' | 'stateless'>,
    response: UpstreamResponse,
    sessionId: string | undefined,
    onOpen?: (stream: OpenStream) => () => void,
  ): Promise<void> {
    const { status } = response;
    const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (status === 401 || status === 403) {
      await drained(response);
      throw new UpstreamError(`the server refuses the gateway (${status})`);
    }
    if (response.headers['content-encoding'] !== undefined) throw new UpstreamError('the server compresses its answer');
    const context: ServerMessageContext = {
      origin: originOf(exchange, session),
      server: this.upstream.id,
      stateless,
      decider: this.options.decider,
      listensToTools: onOpen !== undefined,
      answer: (text) => this.answerServer(session, text),
    };
    const rules: MessageRules = {
      maxReadBytes: this.options.maxReadBytes,
      treat: (text) => treatMessage(text, context),
    };
    const head = { ...headOf(response), ...(sessionId !== undefined && { 'mcp-session-id': sessionId }) };
    const writer = new PacedWriter(exchange.response, status, head);
    if (type === 'text/event-stream') await relayEvents(response, writer, rules, onOpen);
    else if (type === 'application/json') await relayJson(response, writer, rules);
    else if (status === 202 || status === 204 || status >= 400) {
      await drained(response);
      writer.end();
    } else throw new UpstreamError('the server answers with another content type than JSON or events');
  }

  private answerServer(session: Session | undefined, body: string): void {
    const id = session?.upstream.get(this.upstream.id);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(id && { 'mcp-session-id': id }),
    };
    this.upstream
      .send({ method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
      .then(drained)
      .catch((error) => this.options.onUpstreamError(this.upstream.id, error));
  }

  /** Answers what the server does not. A response that has begun is broken off. */
  private fail(exchange: Exchange, id: string | number | null, error: Error): void {
    const { response, signal } = exchange;
    if (signal.aborted || response.destroyed) return;
    this.options.onUpstreamError(this.upstream.id, error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const detail = error instanceof UpstreamError ? error.message : 'unexpected error';
    const text = errorText(id, RPC_ERRORS.internal, `MCP server ${this.upstream.id}: ${detail}`);
    sendJson(exchange, id === null ? 502 : 200, text);
  }
}

function originOf({ caller, request }: Exchange, session: Session | undefined): CallOrigin {
  return { caller, sessionId: session?.id, userAgent: request.headers['user-agent'] };
}

/** A model sees the reason of a denied tool; other requests end with an error. */
function denialText(message: RpcRequest, reason: string, stateless: boolean): string {
  if (message.method !== 'tools/call') return errorText(message.id, RPC_ERRORS.denied, reason);
  const result = { content: [{ type: 'text', text: reason }], isError: true };
  return resultText(message.id, stateless ? { resultType: 'complete', ...result } : result);
}

const PASSED_HEADERS = ['content-type', 'cache-control', 'x-accel-buffering', 'allow'];

function headOf({ headers }: UpstreamResponse): Record<string, string> {
  return Object.fromEntries(
    PASSED_HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

const KEEP_ALIVE_MS = 15_000;

/** For a server without a stream of its own, until the client leaves: changes of the list of tools are sent on it. */
function silentStream(signal: AbortSignal): UpstreamResponse {
  const comment = Buffer.from(': keepalive\n\n');
  async function* body(): AsyncGenerator<Uint8Array> {
    while (!signal.aborted) {
      await sleep(KEEP_ALIVE_MS, undefined, { signal, ref: false }).catch(() => undefined);
      yield comment;
    }
  }
  return { status: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }, body: body() };
}

async function drained({ body }: UpstreamResponse): Promise<void> {
  for await (const _ of body);
}
