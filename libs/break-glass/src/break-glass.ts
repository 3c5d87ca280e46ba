import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AdminKeys } from './admin-keys.js';
import { BREAK_GLASS_KEY, parseRecord, problemOf, type SwitchRecord } from './switch-record.js';

/** A switch that is on. */
export interface ActiveSwitch {
  readonly id: string;
  /** Name of the admin key. */
  readonly key: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly until: number;
  /** The one category that it is for; absent for all. */
  readonly category?: string;
}

/** Why a switch is not on any more. */
export type SwitchEnd = 'expired' | 'ended' | 'replaced' | 'removed' | 'redis_unavailable' | 'gateway_stopped';

export interface BreakGlassOptions {
  readonly redis: { readonly status: string; get(key: string): Promise<string | null> };
  readonly keys: AdminKeys;
  /** Longest time that a switch may last, in ms. */
  readonly maxMs: number;
  /** Keeps the highest sequence over a restart, so that an earlier record is not taken again. */
  readonly sequenceFile: string;
  onStart(active: ActiveSwitch): void;
  onEnd(active: ActiveSwitch, end: SwitchEnd): void;
  /** A record in Redis is not believed; called once for each. */
  onRefused(problem: string): void;
  onError(error: Error): void;
}

const POLL_MS = 1000;
/** Time without an answer of Redis after which the switch is off, in ms. */
const LEASE_MS = 5000;

/**
 * The break-glass switch as one gateway has it: read from Redis once a second, kept in memory, on only while Redis
 * confirms it. What is in Redis counts only with the signature of an admin key, within its time, and in its order.
 */
export class BreakGlass {
  private current: (ActiveSwitch & { readonly sequence: number }) | undefined;
  private confirmedAt = 0;
  private highest: number;
  private refused = '';
  private readonly timer: NodeJS.Timeout;
  private reading = false;

  constructor(private readonly options: BreakGlassOptions) {
    this.highest = this.readHighest();
    this.timer = setInterval(() => void this.look(), POLL_MS).unref();
  }

  /** The switch that is on now. Reads memory only. */
  get active(): ActiveSwitch | undefined {
    const { current } = this;
    if (current === undefined || Date.now() >= current.until) return undefined;
    return performance.now() - this.confirmedAt < LEASE_MS ? current : undefined;
  }

  /** Reads Redis. Never throws. */
  async look(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      const { redis } = this.options;
      const text = redis.status === 'ready' ? await redis.get(BREAK_GLASS_KEY) : undefined;
      if (text !== undefined) this.take(text);
    } catch {
      // The lease runs out.
    } finally {
      this.reading = false;
      this.endIfOver();
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.end('gateway_stopped');
  }

  private take(text: string | null): void {
    this.confirmedAt = performance.now();
    const record = text === null ? undefined : parseRecord(text);
    if (record === undefined) {
      if (text !== null) this.refuse(text, 'it has another form');
      this.end('removed');
      return;
    }
    const problem = this.problemOf(record);
    if (problem !== undefined) {
      this.refuse(text ?? '', problem);
      this.end('removed');
      return;
    }
    if (record.sequence > this.highest) this.keepHighest(record.sequence);
    if (record.action === 'end') {
      this.end('ended');
      return;
    }
    if (record.sequence === this.current?.sequence || record.expiresAt <= Date.now()) return;
    this.end('replaced');
    const { id, reason, expiresAt, category, sequence, key } = record;
    const name = this.options.keys.nameOf(key);
    this.current = {
      id,
      key: name,
      reason,
      until: expiresAt,
      sequence,
      ...(category === undefined ? {} : { category }),
    };
    this.options.onStart(this.current);
  }

  private problemOf(record: SwitchRecord): string | undefined {
    const { keys, maxMs } = this.options;
    const problem = problemOf(record, { keys: keys.verifying, maxMs, now: Date.now() });
    if (problem !== undefined) return problem;
    return record.sequence < this.highest ? 'a later record was seen already' : undefined;
  }

  private refuse(text: string, problem: string): void {
    if (this.refused === text) return;
    this.refused = text;
    this.options.onRefused(problem);
  }

  private endIfOver(): void {
    if (this.current === undefined || this.active !== undefined) return;
    this.end(Date.now() >= this.current.until ? 'expired' : 'redis_unavailable');
  }

  private end(end: SwitchEnd): void {
    const { current } = this;
    this.current = undefined;
    if (current !== undefined) this.options.onEnd(current, Date.now() >= current.until ? 'expired' : end);
  }

  private readHighest(): number {
    try {
      const value = Number(readFileSync(this.options.sequenceFile, 'utf8'));
      return Number.isSafeInteger(value) ? value : 0;
    } catch {
      return 0;
    }
  }

  private keepHighest(sequence: number): void {
    this.highest = sequence;
    const { sequenceFile, onError } = this.options;
    try {
      mkdirSync(dirname(sequenceFile), { recursive: true, mode: 0o700 });
      writeFileSync(`${sequenceFile}.new`, String(sequence), { mode: 0o600 });
      renameSync(`${sequenceFile}.new`, sequenceFile);
    } catch (error) {
      onError(error as Error);
    }
  }
}
