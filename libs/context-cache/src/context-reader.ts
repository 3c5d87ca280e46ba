import type { ResourceRef, SourceAnswer, SourceId } from '@iris/contracts';
import { LRUCache } from 'lru-cache';
import { decodeEntry, isOfFuture, keyDigest, principalKey, resourceKey } from './entry.js';
import { listenForInvalidations } from './invalidation-listener.js';
import { type RedisConnection, type RedisReport, redisReport } from './redis-connection.js';
import { RedisGuard } from './redis-guard.js';
import { SharedCalls } from './shared-calls.js';

/** What is known of a principal or a resource, by field. The entries' times are judged by the caller. */
export interface ContextReading {
  readonly entries: ReadonlyMap<string, SourceAnswer>;
  /** `l1`: this process's own copy; `none`: Redis gave no answer and there is no copy. */
  readonly origin: 'l1' | 'redis' | 'none';
  readonly redis: 'ok' | 'unavailable';
}

export interface ContextReaderOptions {
  /** Absent: no Redis is configured, L1 holds only what sources said directly. */
  readonly redis?: RedisConnection;
  /** A connection of its own for invalidations. */
  readonly subscriber?: RedisConnection;
  /** How many principals and resources L1 holds; less than 1 counts as 1. */
  readonly maxKeys: number;
  /** For how long Redis is not read again, in ms. */
  readonly l1Ms: number;
  /** The present, in epoch ms. */
  readonly now?: () => number;
}

interface Copy {
  readonly entries: ReadonlyMap<string, SourceAnswer>;
  /** Of the entries that are Redis', the digest of their text there. */
  readonly digests: ReadonlyMap<string, string>;
  /** When Redis was read, in epoch ms; -Infinity for a copy made of direct answers alone. */
  readonly readAt: number;
}

/** For how many dropped keys the time of the drop is remembered. */
const MAX_DROPS = 10_000;
/** For how long, in ms: longer than a direct answer may be in flight. */
const DROP_MEMORY_MS = 60_000;

const NOTHING: ReadonlyMap<string, SourceAnswer> = new Map();

/**
 * Reads what the enrichers wrote: L1 first, then one HGETALL, which concurrent readers share. While Redis is unavailable L1
 * answers as long as its entries may be used. Never throws.
 */
export class ContextReader {
  private readonly copies: LRUCache<string, Copy>;
  private readonly drops = new LRUCache<string, number>({ max: MAX_DROPS, ttl: DROP_MEMORY_MS });
  private readonly readings = new SharedCalls<ContextReading>();
  private readonly now: () => number;
  private readonly stopListening?: () => void;
  private readonly redis?: RedisGuard;
  private readonly dropListeners = new Set<(key: string | undefined) => void>();
  private reconnections = 0;
  /** What made the readings connect again, a failover, concerns the subscription too, which may not have noticed. */
  private readonly onReady = () => {
    const { subscriber } = this.options;
    if (this.reconnections > 0 && subscriber?.status === 'ready') subscriber.disconnect(true);
    this.reconnections += 1;
  };
  /** When everything was dropped last, in epoch ms. */
  private allDroppedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ContextReaderOptions) {
    this.copies = new LRUCache({ max: Math.max(1, options.maxKeys) });
    this.now = options.now ?? Date.now;
    this.redis = options.redis && new RedisGuard(options.redis);
    if (options.subscriber !== undefined) {
      this.stopListening = listenForInvalidations(
        options.subscriber,
        (key) => this.dropKey(key),
        () => this.dropAll(),
      );
      options.redis?.on('ready', this.onReady);
    }
  }

  /** How Redis is; unavailable also when none is configured, or when commands fail though it looks well. */
  get redisReport(): RedisReport {
    if (this.redis === undefined) return { redis: 'unavailable' };
    const report = redisReport(this.redis.redis);
    return report.redis === 'ok' && !this.redisAvailable ? { redis: 'unavailable' } : report;
  }

  private get redisAvailable(): boolean {
    return this.redis?.available ?? false;
  }

  /** How many principals and resources L1 holds. */
  get size(): number {
    return this.copies.size;
  }

  /** All that is known of a principal. */
  read(principal: string): Promise<ContextReading> {
    return this.readKey(principalKey(principal));
  }

  /** All that is known of a resource; the fields are the sources' ids. */
  readResource(resource: ResourceRef): Promise<ContextReading> {
    return this.readKey(resourceKey(resource));
  }

  /** Keeps a source's direct answer in L1. An `UNAVAILABLE` one is never kept. */
  remember(principal: string, field: string, answer: SourceAnswer): void {
    this.rememberKey(principalKey(principal), field, answer);
  }

  /** Keeps a source's direct answer about a resource in L1. */
  rememberResource(resource: ResourceRef, source: SourceId, answer: SourceAnswer): void {
    this.rememberKey(resourceKey(resource), source, answer);
  }

  /**
   * Calls back when facts are dropped, because newer ones may be had.
   *
   * @param listener gets the key of the principal or resource; undefined when all are dropped
   * @returns a function that ends it
   */
  onDropped(listener: (key: string | undefined) => void): () => void {
    this.dropListeners.add(listener);
    return () => this.dropListeners.delete(listener);
  }

  /** Ends the subscription. The connections belong to the caller. */
  close(): void {
    this.stopListening?.();
    this.options.redis?.off('ready', this.onReady);
    this.copies.clear();
  }

  private async readKey(key: string): Promise<ContextReading> {
    const copy = this.copies.get(key);
    if (copy !== undefined && this.isRecent(copy)) {
      return { entries: copy.entries, origin: 'l1', redis: this.redisAvailable ? 'ok' : 'unavailable' };
    }
    return this.readings.run(key, undefined, () => this.readRedis(key));
  }

  private async readRedis(key: string): Promise<ContextReading> {
    const startedAt = this.now();
    if (this.redis === undefined) return this.withoutRedis(key);
    let hash: Record<string, string>;
    try {
      hash = await this.redis.run((redis) => redis.hgetall(key));
    } catch {
      return this.withoutRedis(key);
    }
    const { entries, digests } = this.merge(key, hash);
    // What was read before a drop may be the old facts: good for this answer at most, never kept.
    if (!this.droppedSince(key, startedAt)) this.copies.set(key, { entries, digests, readAt: startedAt });
    return { entries, origin: 'redis', redis: 'ok' };
  }

  /**
   * Redis decides which fields there are; a direct answer that is newer than Redis' entry stays. An entry whose text is
   * unchanged stays the same object, so that what was made of its facts is not made again.
   */
  private merge(key: string, hash: Record<string, string>): Pick<Copy, 'entries' | 'digests'> {
    const held = this.copies.peek(key);
    const entries = new Map<string, SourceAnswer>();
    const digests = new Map<string, string>();
    for (const [field, text] of Object.entries(hash)) {
      const digest = keyDigest(text);
      const own = held?.entries.get(field);
      const isUnchanged = held?.digests.get(field) === digest;
      const entry = isUnchanged ? own : decodeEntry(text);
      if (entry === undefined) continue;
      const isOwn = own !== undefined && this.isNewer(own, entry);
      entries.set(field, isOwn ? own : entry);
      if (!isOwn) digests.set(field, digest);
    }
    return { entries, digests };
  }

  private withoutRedis(key: string): ContextReading {
    const copy = this.copies.get(key);
    return copy === undefined
      ? { entries: NOTHING, origin: 'none', redis: 'unavailable' }
      : { entries: copy.entries, origin: 'l1', redis: 'unavailable' };
  }

  private rememberKey(key: string, field: string, answer: SourceAnswer): void {
    if (answer.status === 'UNAVAILABLE' || this.droppedSince(key, answer.observedAt)) return;
    const copy = this.copies.get(key);
    const held = copy?.entries.get(field);
    if (held !== undefined && this.isNewer(held, answer)) return;
    const entries = new Map(copy?.entries).set(field, answer);
    const digests = new Map(copy?.digests);
    digests.delete(field);
    this.copies.set(key, { entries, digests, readAt: copy?.readAt ?? Number.NEGATIVE_INFINITY });
  }

  /** Not so for a copy that was read in the future: the clock was set back, and would keep it for as long. */
  private isRecent({ readAt }: Copy): boolean {
    const age = this.now() - readAt;
    return age >= 0 && age < this.options.l1Ms;
  }

  private isNewer(one: SourceAnswer, other: SourceAnswer): boolean {
    return one.observedAt > other.observedAt && !isOfFuture(one.observedAt, this.now());
  }

  private droppedSince(key: string, time: number): boolean {
    const droppedAt = Math.max(this.drops.get(key) ?? Number.NEGATIVE_INFINITY, this.allDroppedAt);
    return droppedAt >= time && !isOfFuture(droppedAt, this.now());
  }

  private dropKey(key: string): void {
    this.drops.set(key, this.now());
    this.copies.delete(key);
    for (const listener of this.dropListeners) listener(key);
  }

  private dropAll(): void {
    this.allDroppedAt = this.now();
    this.copies.clear();
    for (const listener of this.dropListeners) listener(undefined);
  }
}
