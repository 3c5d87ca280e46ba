import { outboundAgent } from '@iris/config';
import { type Dispatcher, request } from 'undici';
import { type Upstream, UpstreamError, type UpstreamRequest, type UpstreamResponse } from './upstream.js';
import { type HttpServer, resolveValues } from './upstream-file.js';

const CONNECT_TIMEOUT_MS = 5000;

/** Longest pause inside a response to a POST, in ms: servers keep streams alive with comments more often. */
const PAUSE_TIMEOUT_MS = 300_000;

/** An MCP server that speaks streamable HTTP. Bodies are passed on as bytes, in the pace of their reader. */
export class HttpUpstream implements Upstream {
  readonly id: string;
  private readonly calls: Dispatcher;
  /** Streams that wait for notifications: as many as clients hold, and never in the way of a call. */
  private readonly streams: Dispatcher;

  constructor(
    private readonly server: HttpServer,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.id = server.id;
    const options = {
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: server.timeoutSeconds * 1000,
      pipelining: 1,
    };
    this.calls = outboundAgent({ ...options, connections: server.maxConnections });
    this.streams = outboundAgent(options);
  }

  async send({ method, headers, body, signal }: UpstreamRequest): Promise<UpstreamResponse> {
    const isStream = method === 'GET' || headers['mcp-method'] === 'subscriptions/listen';
    const credentials = resolveValues(this.server.headers, this.environment);
    try {
      const answer = await request(this.server.url, {
        method,
        // In lower case, so that a configured header takes the place of another one.
        headers: { ...headers, ...lowerCase(credentials) },
        body,
        signal,
        dispatcher: isStream ? this.streams : this.calls,
        // A stream that waits for notifications may be silent for ever.
        bodyTimeout: isStream ? 0 : Math.max(PAUSE_TIMEOUT_MS, this.server.timeoutSeconds * 1000),
      });
      const { statusCode } = answer;
      // Also a redirect is no answer: another host would get the credential.
      if (statusCode >= 300 && statusCode < 400) {
        answer.body.on('error', () => undefined).destroy();
        throw new UpstreamError(`the server answers with a redirect (${statusCode})`);
      }
      return { status: statusCode, headers: single(answer.headers), body: answer.body };
    } catch (error) {
      if (error instanceof UpstreamError || signal.aborted) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
      throw new UpstreamError(`the server gives no answer (${code})`);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.calls.destroy(), this.streams.destroy()]);
  }
}

function single(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]),
  );
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
