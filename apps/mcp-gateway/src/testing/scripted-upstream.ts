import type { Json, JsonObject } from '@iris/contracts';
import type { Upstream, UpstreamRequest, UpstreamResponse } from '../upstreams/upstream.js';

/** A server whose answers a spec writes. */
export class ScriptedUpstream implements Upstream {
  readonly requests: UpstreamRequest[] = [];
  closed = 0;

  constructor(
    readonly id: string,
    private readonly answer: (
      message: JsonObject,
      request: UpstreamRequest,
    ) => UpstreamResponse | Promise<UpstreamResponse>,
  ) {}

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    this.requests.push(request);
    const message = JSON.parse(request.body ?? '{}') as JsonObject;
    if (request.method === 'DELETE') return { status: 200, headers: {}, body: parts() };
    if (message.method === 'initialize') {
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 's', version: '1' },
      };
      return withSession(json(message, result), `upstream-${this.requests.length}`);
    }
    return this.answer(message, request);
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  /** Messages of POST requests. */
  get messages(): JsonObject[] {
    return this.requests.flatMap(({ body }) => (body === undefined ? [] : [JSON.parse(body) as JsonObject]));
  }
}

export function json({ id = null }: JsonObject, result: JsonObject): UpstreamResponse {
  return text('application/json', JSON.stringify({ jsonrpc: '2.0', id, result }));
}

export function events(...messages: (JsonObject | string)[]): UpstreamResponse {
  const all = messages.map((each) =>
    typeof each === 'string' ? each : `event: message\ndata: ${JSON.stringify(each)}\n\n`,
  );
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: parts(...all) };
}

export function text(type: string, content: string, status = 200): UpstreamResponse {
  return { status, headers: { 'content-type': type }, body: parts(content) };
}

export function accepted(): UpstreamResponse {
  return { status: 202, headers: {}, body: parts() };
}

export async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const each of texts) yield Buffer.from(each);
}

function withSession(response: UpstreamResponse, id: string): UpstreamResponse {
  return { ...response, headers: { ...response.headers, 'mcp-session-id': id } };
}

/** A client that speaks plain HTTP. */
export class PlainClient {
  sessionId: string | undefined;
  private nextId = 0;

  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
  ) {}

  post(body: Json | string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      headers: { ...this.headers(), 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async initialize(capabilities: JsonObject = {}): Promise<JsonObject> {
    const clientInfo = { name: 'spec', version: '1' };
    const response = await this.request('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
    this.sessionId = response.headers.get('mcp-session-id') ?? undefined;
    return (await response.json()) as JsonObject;
  }

  request(method: string, params: JsonObject = {}, headers: Record<string, string> = {}): Promise<Response> {
    this.nextId += 1;
    return this.post({ jsonrpc: '2.0', id: this.nextId, method, params }, headers);
  }

  async call(name: string, args: JsonObject = {}): Promise<JsonObject> {
    return (await (await this.request('tools/call', { name, arguments: args })).json()) as JsonObject;
  }

  stream(signal: AbortSignal): Promise<Response> {
    return fetch(this.url, { headers: { ...this.headers(), accept: 'text/event-stream' }, signal });
  }

  private headers(): Record<string, string> {
    return {
      accept: 'application/json, text/event-stream',
      ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
      ...(this.sessionId !== undefined && { 'mcp-session-id': this.sessionId }),
    };
  }
}
