import { isJsonObject, type Json } from '@iris/contracts';
import { errorText, RPC_ERRORS } from '@iris/mcp-calls';
import { StdioSession } from './stdio-session.js';
import { type Upstream, UpstreamError, type UpstreamRequest, type UpstreamResponse } from './upstream.js';
import { resolveValues, type StdioServer } from './upstream-file.js';

/** An MCP server that speaks over standard input and output: each session is a process of its own. */
export class StdioUpstream implements Upstream {
  readonly id: string;
  private readonly sessions = new Map<string, StdioSession>();
  private starting = 0;

  constructor(
    private readonly server: StdioServer,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.id = server.id;
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const message = request.body === undefined ? undefined : (JSON.parse(request.body) as Json);
    const method = isJsonObject(message) ? message.method : undefined;
    const sessionId = request.headers['mcp-session-id'];
    if (method === 'initialize') return this.exchange(await this.start(), request, message);
    if (sessionId === undefined) return needsSession(message);
    const session = this.sessions.get(sessionId);
    if (session === undefined) return jsonAnswer(404, errorText(null, RPC_ERRORS.sessionNotFound, 'Session not found'));
    return this.exchange(session, request, message);
  }

  async close(): Promise<void> {
    await Promise.all([...this.sessions.values()].map((session) => session.close()));
  }

  private async start(): Promise<StdioSession> {
    if (this.sessions.size + this.starting >= this.server.maxProcesses) {
      throw new UpstreamError(`the server has ${this.server.maxProcesses} processes (maxProcesses); end a session`);
    }
    this.starting += 1;
    try {
      const variables = resolveValues(this.server.env, this.environment);
      const session = await StdioSession.start(this.server, variables, ({ id }) => this.sessions.delete(id));
      this.sessions.set(session.id, session);
      return session;
    } finally {
      this.starting -= 1;
    }
  }

  private async exchange(
    session: StdioSession,
    { method, headers, body, signal }: UpstreamRequest,
    message: Json | undefined,
  ): Promise<UpstreamResponse> {
    const response = await session.handle(new Request('http://stdio/mcp', { method, headers, body }));
    const id = isJsonObject(message) && typeof message.method === 'string' ? message.id : undefined;
    const parts = response.body ?? new ReadableStream({ start: (controller) => controller.close() });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: cancelledBy(parts, signal, () => {
        if (typeof id === 'string' || typeof id === 'number') session.cancel(id);
      }),
    };
  }
}

async function* cancelledBy(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onAborted: () => void,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const abort = () => {
    onAborted();
    reader.cancel().catch(() => undefined);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    reader.cancel().catch(() => undefined);
  }
}

/** A process speaks the specification with sessions. */
function needsSession(message: Json | undefined): UpstreamResponse {
  const id =
    isJsonObject(message) && (typeof message.id === 'string' || typeof message.id === 'number') ? message.id : null;
  const text = 'this server speaks MCP 2025-11-25: begin with initialize';
  return jsonAnswer(400, errorText(id, RPC_ERRORS.unsupportedVersion, text, { supported: ['2025-11-25'] }));
}

function jsonAnswer(status: number, text: string): UpstreamResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: once(Buffer.from(text)) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
