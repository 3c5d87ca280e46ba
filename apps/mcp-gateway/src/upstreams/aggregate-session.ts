import type { JsonObject } from '@iris/contracts';
import { readAnswer, resultOf } from './read-answer.js';
import { type Upstream, UpstreamError } from './upstream.js';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Longest time for a handshake, in ms. */
const HANDSHAKE_TIMEOUT_MS = 15_000;

/** The sessions at all servers of one session of the aggregate; each begins with its first use. */
export class AggregateSession {
  private readonly sessions = new Map<string, Promise<Record<string, string>>>();

  /** @param client parameters of `initialize` */
  constructor(
    private readonly client: JsonObject,
    private readonly maxBytes: number,
  ) {}

  /** The headers that name the session at a server. @throws UpstreamError when it cannot begin */
  headersFor(upstream: Upstream): Promise<Record<string, string>> {
    let session = this.sessions.get(upstream.id);
    if (session === undefined) {
      session = this.begin(upstream);
      this.sessions.set(upstream.id, session);
      session.catch(() => this.forget(upstream));
    }
    return session;
  }

  /** The next use begins a new session at the server. */
  forget({ id }: Upstream): void {
    this.sessions.delete(id);
  }

  /** Calls back for each server with a session. */
  async forEach(servers: ReadonlyMap<string, Upstream>, visit: Visit): Promise<void> {
    const visits = [...this.sessions].map(async ([id, session]) => {
      const upstream = servers.get(id);
      if (upstream !== undefined) await visit(upstream, await session);
    });
    await Promise.allSettled(visits);
  }

  private async begin(upstream: Upstream): Promise<Record<string, string>> {
    const signal = AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS);
    // Questions of a server to the client have no place in the aggregate, so none are announced.
    const params = { ...this.client, capabilities: {} };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const response = await upstream.send({ method: 'POST', headers: HEADERS, body, signal });
    if (response.status !== 200) throw new UpstreamError(`the server refuses the handshake (${response.status})`);
    const result = resultOf(await readAnswer(response, 0, this.maxBytes));
    const id = response.headers['mcp-session-id'];
    const headers: Record<string, string> = {
      ...(id !== undefined && { 'mcp-session-id': id }),
      ...(typeof result.protocolVersion === 'string' && { 'mcp-protocol-version': result.protocolVersion }),
    };
    const initialized = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await drain(
      await upstream.send({ method: 'POST', headers: { ...HEADERS, ...headers }, body: initialized, signal }),
    );
    return headers;
  }
}

type Visit = (upstream: Upstream, headers: Record<string, string>) => Promise<unknown>;

export async function drain({ body }: { readonly body: AsyncIterable<Uint8Array> }): Promise<void> {
  for await (const _ of body);
}
