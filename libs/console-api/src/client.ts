import type { z } from 'zod';
import { CSRF_HEADER, type Endpoint, type EndpointId, type Endpoints, endpoints } from './endpoints.js';
import { problemSchema } from './shared.schemas.js';

/** What a request of an operation has, beside its path. */
export interface CallOptions {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: unknown;
}

/** The console refused a request, or is none. The message is one line for the person who asked. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
}

const TIMEOUT_MS = 30_000;
const RETRY_MS = 1000;
/** Longest event of the stream, in UTF-16 units. */
const MAX_EVENT = 16 * 1024 * 1024;

/** A client of the API whose requests and answers have the types of the operations. */
export class ConsoleClient {
  private csrfToken: string | undefined;

  /** @throws ConsoleError for a URL of another form */
  constructor(private readonly base: string) {
    if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
      throw new ConsoleError(`the URL of the console must be http:// or https://, and is ${JSON.stringify(base)}`);
    }
  }

  /** @throws ConsoleError */
  async call<Id extends EndpointId>(id: Id, options: CallOptions = {}): Promise<z.output<Endpoints[Id]['response']>> {
    const { method, response: schema }: Endpoint = endpoints[id];
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (method !== 'GET') headers[CSRF_HEADER] = await this.token();
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const response = await this.fetch(this.urlOf(id, options), {
      ...{ method, headers, body },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const parsed = schema.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success)
      throw new ConsoleError(`${this.base} answered something else than ${id}; is it of this release?`);
    return parsed.data as z.output<Endpoints[Id]['response']>;
  }

  /**
   * Events of the stream, for ever: it connects again after the last event.
   *
   * @throws ConsoleError when the console refuses, or sends what is no event
   */
  async *stream(query: CallOptions['query'], signal: AbortSignal): AsyncGenerator<{ type: string; data: unknown }> {
    let lastEventId: string | undefined;
    while (!signal.aborted) {
      const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const response = await this.fetch(this.urlOf('streamDecisions', { query }), { headers, signal });
      try {
        for await (const { id, type, data } of serverSentEvents(response)) {
          lastEventId = id ?? lastEventId;
          yield { type, data };
        }
      } catch (error) {
        if (error instanceof ConsoleError) throw error;
        // The connection broke off: the next one resumes.
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private async token(): Promise<string> {
    this.csrfToken ??= (await this.call('me')).csrfToken;
    return this.csrfToken;
  }

  private urlOf(id: EndpointId, { path = {}, query = {} }: CallOptions): URL {
    const filled = endpoints[id].path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
    const url = new URL(filled, this.base);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one));
    }
    return url;
  }

  private async fetch(url: URL, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(url, init);
    } catch (error) {
      throw new ConsoleError(`the console ${url.origin} cannot be reached`, { cause: error });
    }
    if (response.ok) return response;
    const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
    const why = problem.success ? `${problem.data.reason}: ${problem.data.title}` : `status ${response.status}`;
    throw new ConsoleError(`the console answered ${why}`);
  }
}

/** Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
async function* serverSentEvents(response: Response): AsyncGenerator<{ id?: string; type: string; data: unknown }> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    if (text.length > MAX_EVENT) throw new ConsoleError('the console sent an event that is too large');
    for (const event of events) {
      const fields = new Map(event.split('\n').map((line) => line.split(/:\s?(.*)/s).slice(0, 2) as [string, string]));
      const data = fields.get('data');
      if (data !== undefined)
        yield { id: fields.get('id'), type: fields.get('event') ?? 'message', data: jsonOf(data) };
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConsoleError('the console sent an event that is no JSON; is it of this release?');
  }
}
