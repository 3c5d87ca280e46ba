import { randomUUID } from 'node:crypto';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type JSONRPCMessage, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { UpstreamError } from './upstream.js';
import type { StdioServer } from './upstream-file.js';

/** Largest message of a process, in bytes. */
const MAX_MESSAGE_BYTES = 33_554_432;

/** A request that the process has not answered. */
interface Pending {
  readonly progressToken?: unknown;
}

/** One process of an MCP server, spoken to by streamable HTTP. */
export class StdioSession {
  readonly id = randomUUID();
  private readonly pending = new Map<string | number, Pending>();
  private readonly http = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => this.id });
  private closed = false;

  private constructor(
    private readonly process: StdioClientTransport,
    private readonly onClosed: (session: StdioSession) => void,
  ) {}

  /** @throws UpstreamError when the command cannot be started */
  static async start(
    server: StdioServer,
    variables: Readonly<Record<string, string>>,
    onClosed: (session: StdioSession) => void,
  ): Promise<StdioSession> {
    const process = new StdioClientTransport({
      command: server.command,
      args: server.args,
      env: { ...getDefaultEnvironment(), ...variables },
      cwd: server.cwd,
      // What a server writes there may hold anything, also parameters.
      stderr: 'ignore',
      maxBufferSize: MAX_MESSAGE_BYTES,
    });
    const session = new StdioSession(process, onClosed);
    process.onmessage = (message) => session.fromProcess(message);
    process.onclose = () => void session.close();
    process.onerror = () => undefined;
    session.http.onmessage = (message) => session.toProcess(message);
    session.http.onclose = () => void session.close();
    try {
      await process.start();
    } catch {
      throw new UpstreamError('the command cannot be started');
    }
    await session.http.start();
    return session;
  }

  handle(request: Request): Promise<Response> {
    return this.http.handleRequest(request);
  }

  /** Ends a request whose client is gone. */
  cancel(requestId: string | number): void {
    if (!this.pending.delete(requestId)) return;
    this.toProcess({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'client gone' } });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.onClosed(this);
    await Promise.allSettled([this.http.close(), this.process.close()]);
  }

  private toProcess(message: JSONRPCMessage): void {
    if ('method' in message && 'id' in message) {
      this.pending.set(message.id, { progressToken: message.params?._meta?.progressToken });
    }
    this.process.send(message).catch(() => void this.close());
  }

  private fromProcess(message: JSONRPCMessage): void {
    const relatedRequestId = this.relatedRequest(message);
    if (!('method' in message) && message.id !== undefined) this.pending.delete(message.id);
    // A message whose stream is closed meanwhile is nobody's.
    this.http.send(message, { relatedRequestId }).catch(() => undefined);
  }

  /** By stdio nothing states to which request a message belongs; a question goes where the client surely listens. */
  private relatedRequest(message: JSONRPCMessage): string | number | undefined {
    if (!('method' in message)) return undefined;
    const ids = [...this.pending.keys()];
    if (message.method === 'notifications/progress') {
      const token = message.params?.progressToken;
      return ids.find((id) => this.pending.get(id)?.progressToken === token);
    }
    if ('id' in message || message.method === 'notifications/message') return ids.at(-1);
    return undefined;
  }
}
