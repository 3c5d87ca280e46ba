import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DecisionFilter, DecisionLog } from '@iris/decision-log';
import { ApiProblem } from '../http/api-problem.js';
import type { Arrivals } from './arrivals.js';
import { toSummary } from './to-summary.js';

/** Decisions in one event. */
const BATCH = 200;
/** Proxies end silent connections; a comment each so many ms keeps one open. */
const HEARTBEAT_MS = 15_000;
/** After this the browser connects again and is recognised again, so a lost role ends the stream. In ms. */
const MAX_MS = 15 * 60_000;
const RETRY_MS = 2000;
const MAX_STREAMS = 200;
const MAX_STREAMS_OF_PERSON = 10;

/** Streams of server-sent events. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class DecisionStreams {
  private readonly open = new Map<symbol, string>();
  private readonly end = new AbortController();

  constructor(
    private readonly log: Pick<DecisionLog, 'since'>,
    private readonly arrivals: Arrivals,
  ) {}

  /** @throws ApiProblem when there are too many */
  admit(login: string): symbol {
    const own = [...this.open.values()].filter((other) => other === login).length;
    if (this.open.size >= MAX_STREAMS || own >= MAX_STREAMS_OF_PERSON) {
      throw new ApiProblem('too_many', 'There are too many live views; close another one.');
    }
    const stream = Symbol();
    this.open.set(stream, login);
    return stream;
  }

  /** Writes until the reader goes, the stream is old, or the console ends. Never throws. */
  async run(
    stream: symbol,
    out: ServerResponse,
    filter: DecisionFilter,
    lastEventId: string | undefined,
  ): Promise<void> {
    const gone = new AbortController();
    out.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.end.signal, AbortSignal.timeout(MAX_MS)]);
    const heartbeat = setInterval(() => out.write(': \n\n'), HEARTBEAT_MS);
    try {
      out.write('retry: 1000\n\n');
      await this.follow(out, filter, lastEventId, signal);
    } catch {
      // The reader is gone.
    } finally {
      clearInterval(heartbeat);
      this.open.delete(stream);
      out.end();
    }
  }

  close(): void {
    this.end.abort();
    this.arrivals.close();
  }

  private async follow(
    out: ServerResponse,
    filter: DecisionFilter,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    let cursor = lastEventId;
    let state: 'ok' | 'unavailable' | undefined;
    const report = async (now: 'ok' | 'unavailable') => {
      if (now !== state) await send(out, 'state', { log: now }, cursor, signal);
      state = now;
    };
    while (!signal.aborted) {
      const { version } = this.arrivals;
      try {
        const arrived = await this.log.since(cursor, filter, BATCH);
        cursor = arrived.cursor;
        await report('ok');
        if (arrived.decisions.length > 0) {
          await send(out, 'decisions', arrived.decisions.map(toSummary), cursor, signal);
        }
        if (arrived.more) continue;
      } catch (error) {
        // A cursor of another log or form: the reader starts at this moment, and is told so.
        if (error instanceof RangeError) {
          cursor = undefined;
          await send(out, 'gap', {}, undefined, signal);
          continue;
        }
        await report('unavailable');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
        continue;
      }
      await this.arrivals.wait(version, signal);
    }
  }
}

async function send(
  out: ServerResponse,
  event: string,
  data: unknown,
  id: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const place = id === undefined ? '' : `id: ${id}\n`;
  // JSON has no line break outside its escapes, so it is one field.
  if (!out.write(`event: ${event}\n${place}data: ${JSON.stringify(data)}\n\n`)) await once(out, 'drain', { signal });
}
