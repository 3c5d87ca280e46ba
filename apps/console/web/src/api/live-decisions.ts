import type { DecisionSummary } from '@iris/console-api';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FilterValues } from '../app/decision-filter.js';
import { address } from '../app/router.js';
import { ask, STREAM_PATH } from './operations.js';

/** Rows that the page keeps; older ones are read from the list. */
const MOST_ROWS = 300;
const FIRST_ROWS = 100;
const RETRY_MS = 5_000;
/** New rows are shown together, at most this often. */
const SHOW_MS = 200;

export type StreamState = 'connecting' | 'live' | 'unavailable' | 'retrying' | 'ended';

export interface LiveDecisions {
  readonly rows: readonly DecisionSummary[];
  readonly state: StreamState;
  /** How many decisions arrived since the page was opened. */
  readonly arrived: number;
  readonly error?: Error;
}

const NOTHING_YET: LiveDecisions = { rows: [], state: 'connecting', arrived: 0 };

/**
 * The newest decisions, and new ones as they are recorded. The stream is opened before the list is read, so that none
 * between the two is missed; the browser resumes a broken stream after the last event that it has.
 */
export function useLiveDecisions(filter: FilterValues, isLive: boolean): LiveDecisions {
  const key = `${isLive} ${JSON.stringify(filter)}`;
  const [shown, setShown] = useState<{ readonly key: string; readonly decisions: LiveDecisions }>();
  const query = useRef(filter);
  query.current = filter;
  useEffect(() => {
    const feed = new Feed(query.current, isLive, (decisions) => setShown({ key, decisions }));
    feed.open();
    return () => feed.close();
  }, [key, isLive]);
  // Decisions of other filters are never shown under these.
  return shown?.key === key ? shown.decisions : NOTHING_YET;
}

class Feed {
  private readonly byId = new Map<string, DecisionSummary>();
  private readonly stop = new AbortController();
  private stream: EventSource | undefined;
  private state: StreamState = 'connecting';
  private error: Error | undefined;
  private arrived = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly filter: FilterValues,
    private readonly isLive: boolean,
    private readonly show: (decisions: LiveDecisions) => void,
  ) {}

  open(): void {
    if (!this.isLive) {
      this.state = 'ended';
      void this.readList();
      return;
    }
    const stream = new EventSource(address(STREAM_PATH, this.filter));
    this.stream = stream;
    stream.onopen = () => {
      this.state = 'live';
      void this.readList();
    };
    stream.onerror = () => this.lost(stream);
    stream.addEventListener('decisions', ({ data }) => {
      const decisions = JSON.parse(data) as DecisionSummary[];
      this.add(decisions);
      this.arrived += decisions.length;
    });
    // The log does not have the place that the stream was to resume from: the list has what is missing.
    stream.addEventListener('gap', () => void this.readList());
    stream.addEventListener('state', ({ data }) => {
      const { log } = JSON.parse(data) as { log: string };
      this.state = log === 'ok' ? 'live' : 'unavailable';
      this.later();
    });
  }

  close(): void {
    this.stop.abort();
    this.stream?.close();
    clearTimeout(this.timer);
    clearTimeout(this.retry);
  }

  /** A browser retries a broken connection itself, but not after an answer that is no stream. */
  private lost(stream: EventSource): void {
    this.state = 'retrying';
    this.later();
    if (stream.readyState !== EventSource.CLOSED) return;
    this.retry = setTimeout(() => this.open(), RETRY_MS);
    void this.readList();
  }

  private async readList(): Promise<void> {
    try {
      const query = { ...this.filter, limit: FIRST_ROWS };
      this.add((await ask('listDecisions', { query, signal: this.stop.signal })).decisions);
      this.error = undefined;
    } catch (error) {
      this.error = error as Error;
    }
    this.later();
  }

  private add(decisions: readonly DecisionSummary[]): void {
    for (const decision of decisions) this.byId.set(decision.id, decision);
    this.later();
  }

  private later(): void {
    if (this.stop.signal.aborted) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const { state, arrived, error } = this;
      this.show({ rows: this.newest(), state, arrived, ...(error && { error }) });
    }, SHOW_MS);
  }

  private newest(): readonly DecisionSummary[] {
    const rows = [...this.byId.values()].sort((a, b) => b.time.localeCompare(a.time) || b.id.localeCompare(a.id));
    for (const { id } of rows.splice(MOST_ROWS)) this.byId.delete(id);
    return rows;
  }
}
