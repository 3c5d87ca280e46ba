import { isJsonObject } from '@iris/contracts';
import { type CallDecider, errorText, type ListedTool, RPC_ERRORS, type RpcId, type RpcMessage } from '@iris/mcp-calls';
import { SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import type { ListChanges } from '../sessions/list-changes.js';
import type { Session } from '../sessions/session-table.js';
import { type Upstream, UpstreamError, type UpstreamResponse } from '../upstreams/upstream.js';
import { type Exchange, forwardedHeaders, sendJson } from './exchange.js';
import type { Incoming } from './incoming.js';
import { originOf } from './origin.js';
import { PacedWriter } from './paced-writer.js';
import {
  eventText,
  type MessageRules,
  type OpenStream,
  relayEvents,
  relayJson,
  relayJsonAsEvent,
} from './relay-response.js';
import { type ServerMessageContext, treatMessage } from './treat-message.js';

export interface ForwarderOptions {
  readonly decider: CallDecider;
  readonly changes: ListChanges;
  /** Largest message of a server that is read as a whole, in bytes. */
  readonly maxReadBytes: number;
  readonly onUpstreamError: (server: string, error: Error) => void;
}

/** How a message is forwarded, where it is not as it came. */
export interface Forwarding {
  /** The body in place of the client's. */
  readonly body?: string;
  /** The open stream of the request, on which its person was asked. */
  readonly writer?: PacedWriter;
  readonly wrapState?: ServerMessageContext['wrapState'];
  /** Called when the server accepts a handshake, before the head of the response. */
  readonly onHandshake?: (response: UpstreamResponse) => void;
}

/** Longest time for an answer of the gateway to reach a server, in ms. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Forwards messages to one server, and what it answers to the client. */
export class Forwarder {
  constructor(
    private readonly upstream: Upstream,
    /** The server and the name there of a tool that this path lists. */
    private readonly names: (listed: string) => ListedTool | undefined,
    private readonly options: ForwarderOptions,
  ) {}

  async forward(incoming: Incoming, forwarding: Forwarding = {}): Promise<void> {
    const { exchange, message, document, session } = incoming;
    const { body = document.text, writer, wrapState, onHandshake } = forwarding;
    try {
      const headers = this.headersFor(exchange, session);
      const response = await this.upstream.send({ method: 'POST', headers, body, signal: exchange.signal });
      const isHandshake = onHandshake !== undefined && session !== undefined && response.status === 200;
      if (isHandshake) onHandshake(response);
      const context = {
        ...this.context(exchange, incoming.stateless, session, message),
        ...(wrapState && { wrapState }),
      };
      const onOpen = this.listening(exchange, message);
      await this.relay(
        exchange,
        response,
        { ...context, listensToTools: onOpen !== undefined },
        {
          sessionId: isHandshake ? session.id : undefined,
          writer,
          onOpen,
        },
      );
    } catch (error) {
      this.fail(exchange, message.kind === 'request' ? message.id : null, error as Error, writer);
    }
  }

  /** Opens the stream of a session for what belongs to no request. */
  async stream(exchange: Exchange, session: Session, silent: UpstreamResponse): Promise<void> {
    try {
      const headers = this.headersFor(exchange, session);
      const answer = await this.upstream.send({ method: 'GET', headers, signal: exchange.signal });
      if (answer.status === 405) await drained(answer);
      const onOpen = (stream: OpenStream) => {
        session.streams.add(stream);
        return () => session.streams.delete(stream);
      };
      await this.relay(exchange, answer.status === 405 ? silent : answer, this.context(exchange, false, session), {
        onOpen,
      });
    } catch (error) {
      this.fail(exchange, null, error as Error);
    }
  }

  /** Ends the session at the server. @returns the status of its answer; undefined when it has no session there */
  async end(session: Session): Promise<number | undefined> {
    const id = session.upstream.get(this.upstream.id);
    if (!id) return undefined;
    try {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const response = await this.upstream.send({ method: 'DELETE', headers: { 'mcp-session-id': id }, signal });
      await drained(response);
      return response.status;
    } catch (error) {
      this.options.onUpstreamError(this.upstream.id, error as Error);
      return 502;
    }
  }

  private context(
    exchange: Exchange,
    stateless: boolean,
    session: Session | undefined,
    message?: RpcMessage,
  ): ServerMessageContext {
    const { name } = message !== undefined && message.kind !== 'response' ? message.params : {};
    return {
      origin: originOf(exchange, session, message),
      server: (typeof name === 'string' ? this.names(name)?.server : undefined) ?? this.upstream.id,
      names: this.names,
      stateless,
      decider: this.options.decider,
      answer: (text) => this.answerServer(session, text),
    };
  }

  private headersFor(exchange: Exchange, session: Session | undefined): Record<string, string> {
    const id = session?.upstream.get(this.upstream.id);
    return { ...forwardedHeaders(exchange), ...(id && { 'mcp-session-id': id }) };
  }

  private async relay(
    exchange: Exchange,
    response: UpstreamResponse,
    context: ServerMessageContext,
    { sessionId, writer: opened, onOpen }: RelayOptions,
  ): Promise<void> {
    const { status } = response;
    const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    if (status === 401 || status === 403) {
      await drained(response);
      throw new UpstreamError(`the server refuses the gateway (${status})`);
    }
    if (response.headers['content-encoding'] !== undefined) throw new UpstreamError('the server compresses its answer');
    const rules: MessageRules = {
      maxReadBytes: this.options.maxReadBytes,
      treat: (text) => treatMessage(text, context),
    };
    const head = { ...headOf(response), ...(sessionId !== undefined && { 'mcp-session-id': sessionId }) };
    const writer = opened ?? new PacedWriter(exchange.response, status, head);
    if (type === 'text/event-stream') await relayEvents(response, writer, rules, onOpen);
    else if (type === 'application/json') {
      await (opened === undefined ? relayJson(response, writer, rules) : relayJsonAsEvent(response, writer, rules));
    } else if (status === 202 || status === 204 || status >= 400) {
      await drained(response);
      writer.end();
    } else throw new UpstreamError('the server answers with another content type than JSON or events');
  }

  /** For a stream whose client asked for changes of the list of tools. */
  private listening(exchange: Exchange, message: RpcMessage): RelayOptions['onOpen'] {
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

  private answerServer(session: Session | undefined, body: string): void {
    const id = session?.upstream.get(this.upstream.id);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(id && { 'mcp-session-id': id }),
    };
    this.upstream
      .send({ method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
      .then(drained)
      .catch((error) => this.options.onUpstreamError(this.upstream.id, error));
  }

  /** Answers what the server does not. A response that has begun is broken off, so that it is not taken for complete. */
  private fail(exchange: Exchange, id: RpcId | null, error: Error, opened?: PacedWriter): void {
    const { response, signal } = exchange;
    if (signal.aborted || response.destroyed) return;
    this.options.onUpstreamError(this.upstream.id, error);
    const detail = error instanceof UpstreamError ? error.message : 'unexpected error';
    const text = errorText(id, RPC_ERRORS.internal, `MCP server ${this.upstream.id}: ${detail}`);
    if (opened !== undefined) opened.end(eventText(text));
    else if (response.headersSent) response.destroy();
    else sendJson(exchange, id === null ? 502 : 200, text);
  }
}

interface RelayOptions {
  readonly sessionId?: string;
  readonly writer?: PacedWriter;
  readonly onOpen?: (stream: OpenStream) => () => void;
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

async function drained({ body }: UpstreamResponse): Promise<void> {
  for await (const _ of body);
}
