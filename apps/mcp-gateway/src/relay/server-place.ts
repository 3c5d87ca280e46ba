import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject } from '@iris/contracts';
import {
  type CallVerdict,
  errorText,
  type ListedTool,
  type McpCall,
  RPC_ERRORS,
  type RpcId,
  type RpcRequest,
  requestUse,
  resultText,
} from '@iris/mcp-calls';
import type { CallConfirmation } from '../confirm/call-confirmation.js';
import { NOT_CONFIRMED } from '../confirm/confirm-question.js';
import type { BodyReader } from '../http/read-body.js';
import type { Session, SessionTable } from '../sessions/session-table.js';
import type { Upstream, UpstreamResponse } from '../upstreams/upstream.js';
import { type Exchange, headerOf, sendJson } from './exchange.js';
import { Forwarder, type ForwarderOptions, type Forwarding } from './forwarder.js';
import { type Incoming, isRequest, readIncoming } from './incoming.js';
import { originOf } from './origin.js';
import { eventText } from './relay-response.js';

export interface PlaceOptions extends ForwarderOptions {
  readonly sessions: SessionTable;
  readonly bodies: BodyReader;
  readonly confirmation: CallConfirmation;
  /** The server and the name there of what this path lists; by default the name is the server's own. */
  readonly names?: (listed: string) => ListedTool | undefined;
}

type Use = Pick<McpCall, 'method' | 'tool' | 'params' | 'paramsStatus'>;

/** The path of one server, or of all of them as one. */
export class ServerPlace {
  private readonly forwarder: Forwarder;
  private readonly names: (listed: string) => ListedTool | undefined;

  constructor(
    private readonly upstream: Upstream,
    private readonly options: PlaceOptions,
  ) {
    this.names = options.names ?? ((name) => ({ server: upstream.id, name }));
    this.forwarder = new Forwarder(upstream, this.names, options);
  }

  async handle(exchange: Exchange): Promise<void> {
    const { method } = exchange.request;
    if (method === 'POST') await this.post(exchange);
    else if (method === 'GET' || method === 'DELETE') await this.inSession(exchange, method);
    else {
      exchange.response.setHeader('allow', 'GET, POST, DELETE');
      sendJson(exchange, 405, errorText(null, RPC_ERRORS.invalidRequest, 'Method not allowed'));
    }
  }

  /** Ends a session at the server, after its client has left it. */
  end(session: Session): void {
    void this.forwarder.end(session);
  }

  private async post(exchange: Exchange): Promise<void> {
    const incoming = await readIncoming(exchange, this.options.bodies);
    if (incoming === undefined) return;
    if (incoming.stateless) return this.take(incoming);
    const { message } = incoming;
    const sessionId = headerOf(exchange, 'mcp-session-id');
    if (isRequest(incoming) && incoming.message.method === 'initialize' && sessionId === undefined) {
      return this.initialize(incoming);
    }
    const session = this.session(exchange, sessionId, message.kind === 'request' ? message.id : null);
    if (session === undefined) return;
    session.open += 1;
    try {
      await this.take({ ...incoming, session });
    } finally {
      session.open -= 1;
      session.usedAt = Date.now();
    }
  }

  /** @returns undefined when the request is answered, because it has no session of its caller */
  private session(exchange: Exchange, id: string | undefined, requestId: RpcId | null): Session | undefined {
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

  private async initialize(incoming: Incoming<RpcRequest>): Promise<void> {
    const { exchange, message } = incoming;
    const session = this.options.sessions.begin(exchange.caller, this.upstream.id, message.params);
    if (session === undefined) {
      return sendJson(exchange, 503, errorText(message.id, RPC_ERRORS.internal, 'Too many sessions: end one first'));
    }
    let begun = false;
    const onHandshake = ({ headers }: UpstreamResponse) => {
      begun = true;
      session.upstream.set(this.upstream.id, headers['mcp-session-id'] ?? '');
    };
    await this.forwarder.forward({ ...incoming, session }, { onHandshake });
    if (!begun) this.options.sessions.end(session);
  }

  private async take(incoming: Incoming): Promise<void> {
    if (this.options.confirmation.take(incoming)) {
      incoming.exchange.response.writeHead(202).end();
      return;
    }
    if (!isRequest(incoming)) return this.forwarder.forward(incoming);
    const { exchange, message, stateless } = incoming;
    const use = requestUse(message.method, message.params);
    switch (use.kind) {
      case 'unknown_method':
        return sendJson(
          exchange,
          stateless ? 404 : 200,
          errorText(message.id, RPC_ERRORS.methodNotFound, 'Method not found'),
        );
      case 'ambiguous': {
        const text = `params.${use.parameter.slice(0, 64)} differs from a parameter by case alone`;
        return sendJson(exchange, 400, errorText(message.id, RPC_ERRORS.invalidParams, text));
      }
      case 'decided':
        return use.use.tool === undefined ? this.useServer(incoming, use.use) : this.callTool(incoming, use.use);
      case 'passes':
        return this.forwarder.forward(incoming);
    }
  }

  private async useServer(incoming: Incoming<RpcRequest>, use: Use): Promise<void> {
    const { exchange, message } = incoming;
    const ref = isJsonObject(message.params.ref) ? message.params.ref.name : undefined;
    const named = message.params.name ?? ref;
    const server = (typeof named === 'string' ? this.names(named)?.server : undefined) ?? this.upstream.id;
    const verdict = await this.decide(incoming, { ...use, server, canAsk: false });
    if (verdict.action === 'allow') return this.forwarder.forward(incoming);
    sendJson(exchange, 200, errorText(message.id, RPC_ERRORS.denied, verdict.message));
  }

  private async callTool(incoming: Incoming<RpcRequest>, use: Use): Promise<void> {
    const { exchange, message, stateless, session } = incoming;
    const { confirmation } = this.options;
    const tool = use.tool ? this.names(use.tool) : undefined;
    if (tool === undefined) {
      return sendJson(exchange, 200, errorText(message.id, RPC_ERRORS.invalidParams, 'Unknown tool: params.name'));
    }
    const carried = stateless ? await confirmation.carried(incoming, tool) : { state: 'none' as const };
    if (carried.state === 'invalid') {
      const text = 'params.requestState is not valid for this call: it was changed, was used, or has expired';
      return sendJson(exchange, 400, errorText(message.id, RPC_ERRORS.invalidParams, text));
    }
    if (carried.state === 'refused') return sendJson(exchange, 200, denialText(incoming, NOT_CONFIRMED));
    const about = { ...use, server: tool.server, tool: tool.name };
    const confirmed = carried.state === 'confirmed';
    const verdict = await this.decide(incoming, { ...about, confirmed, canAsk: confirmation.canAsk(incoming) });
    if (verdict.action === 'deny') return sendJson(exchange, 200, denialText(incoming, verdict.message));
    if (verdict.action === 'allow') return this.forwarder.forward(incoming, confirmed ? forwardingOf(carried) : {});
    if (stateless || session === undefined) return confirmation.ask(incoming, tool, verdict.message);
    const asked = await confirmation.askOnStream(exchange, session, tool, verdict.message);
    // Facts may have changed while the person was thinking.
    const again = asked.confirmed
      ? await this.decide(incoming, { ...about, confirmed: true, canAsk: false })
      : undefined;
    if (again?.action === 'allow') return this.forwarder.forward(incoming, { writer: asked.writer });
    asked.writer.end(eventText(denialText(incoming, again?.message ?? NOT_CONFIRMED)));
  }

  private decide(
    { exchange, session, message }: Incoming<RpcRequest>,
    call: Omit<McpCall, 'origin'>,
  ): Promise<CallVerdict> {
    return this.options.decider.decide({ ...call, origin: originOf(exchange, session, message) });
  }

  /** A stream for what belongs to no request, or the end of a session. */
  private async inSession(exchange: Exchange, method: 'GET' | 'DELETE'): Promise<void> {
    const session = this.session(exchange, headerOf(exchange, 'mcp-session-id'), null);
    if (session === undefined) return;
    if (method === 'DELETE') {
      this.options.sessions.end(session);
      const status = await this.forwarder.end(session);
      exchange.response.writeHead(status === undefined || status === 405 ? 200 : status).end();
      return;
    }
    if (session.streams.size >= MAX_STREAMS) {
      return sendJson(exchange, 409, errorText(null, -32000, 'Conflict: the session has too many open streams'));
    }
    session.open += 1;
    try {
      await this.forwarder.stream(exchange, session, silentStream(exchange.signal));
    } finally {
      session.open -= 1;
    }
  }
}

function forwardingOf({ body, wrapState }: Pick<Forwarding, 'body' | 'wrapState'>): Forwarding {
  return { body, wrapState };
}

/** A model sees the reason of a denied call. */
function denialText({ message, stateless }: Incoming<RpcRequest>, reason: string): string {
  const result = { content: [{ type: 'text', text: reason }], isError: true };
  return resultText(message.id, stateless ? { resultType: 'complete', ...result } : result);
}

/** Streams of one session that belong to no request. */
const MAX_STREAMS = 4;

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
