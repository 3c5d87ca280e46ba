import type { RedisCondition } from '@iris/contracts';
import { type Cluster, Redis, type RedisOptions } from 'ioredis';
import { conditionOf, isReadable } from './redis-condition.js';

/** How often a connection is checked, in ms. */
const CHECK_MS = 1000;
/** After so many checks in a row without a reply the connection is given up and made again. */
const SILENT_CHECKS = 3;
/** A connection for blocking commands is given up after so long without a reply, in ms: longer than a command blocks. */
const UNHEARD_MS = 15_000;
/** Least time between two connections that are given up because they lead to a replica, in ms. */
const REPLICA_PAUSE_MS = 250;
/** For how long a command that was not permitted is reported, in ms: other commands succeed meanwhile. */
const NOT_PERMITTED_MS = 60_000;
/** A key of its own; in a cluster it lies on one of the nodes. */
const PROBE_KEY = 'iris:probe:v1';
const PROBE_LIFE_MS = 10_000;

/** Of the connection that asks a server which is not ready. */
const BEFORE_READY: RedisOptions = {
  enableReadyCheck: false,
  enableOfflineQueue: true,
  failoverDetector: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 500,
  retryStrategy: () => null,
  reconnectOnError: null,
  lazyConnect: false,
};

export interface RedisHealthOptions {
  /** Whether the connection waits in blocking commands, behind which a check waits too. */
  readonly blocking: boolean;
  /** Called when the condition changes. */
  readonly onCondition?: (condition: RedisCondition) => void;
}

/**
 * Watches one connection. Every second it asks for the role: a replica holds what may be old and takes no writes, so
 * the connection is made again until the address leads to the primary. Error replies of any command name a condition,
 * which ends when a write succeeds.
 */
export class RedisHealth {
  private current: RedisCondition = 'unreachable';
  private renewedAt = Number.NEGATIVE_INFINITY;
  private heldUntil = Number.NEGATIVE_INFINITY;
  private unanswered = 0;
  private askedAt: number | undefined;
  private waiting: (() => void)[] = [];
  /** Whether the server reports its role; some managed ones do not. */
  private tellsRole = true;

  constructor(
    private readonly redis: Redis | Cluster,
    private readonly options: RedisHealthOptions,
  ) {
    const timer = setInterval(() => void this.check(), CHECK_MS).unref();
    redis.on('ready', () => void this.check());
    redis.on('close', () => this.lost());
    redis.on('error', (error: Error & { readonly lastNodeError?: Error }) => this.failed(error));
    redis.on('node error', (error: Error) => this.note(error));
    redis.once('end', () => clearInterval(timer));
  }

  get condition(): RedisCondition {
    return this.current;
  }

  /** Whether facts can be read: connected to a primary that answers. */
  get readable(): boolean {
    return this.redis.status === 'ready' && isReadable(this.current);
  }

  /** Calls back once facts can be read. */
  onceReadable(callback: () => void): void {
    if (this.readable) callback();
    else this.waiting.push(callback);
  }

  /** Learns from an error reply. @returns whether the connection is to be made again */
  note(error: Error): boolean {
    const condition = conditionOf(error);
    if (condition === undefined) return false;
    // A cluster client follows single redirections itself; only when it gives up is that a condition.
    const followed = this.isCluster && condition === 'moved' && !error.message.startsWith('Too many');
    if (condition === 'not_permitted') this.heldUntil = performance.now() + NOT_PERMITTED_MS;
    if (!followed) this.enter(condition);
    return condition === 'replica' && !this.isCluster && this.mayRenew();
  }

  private get isCluster(): boolean {
    return this.redis.isCluster;
  }

  private async check(): Promise<void> {
    if (this.redis.status === 'connect' && this.redis instanceof Redis) return this.askBeforeReady(this.redis);
    if (this.redis.status !== 'ready') return;
    if (this.askedAt !== undefined) return this.unheard();
    const asked = performance.now();
    this.askedAt = asked;
    try {
      await this.ask();
      this.unanswered = 0;
    } catch (error) {
      this.note(error as Error);
      if (conditionOf(error as Error) === undefined) this.silent();
    } finally {
      if (this.askedAt === asked) this.askedAt = undefined;
    }
  }

  private async ask(): Promise<void> {
    if (this.isCluster) await this.askCluster();
    else if (await this.isReplica()) {
      this.enter('replica');
      if (this.mayRenew()) this.redis.disconnect(true);
      return;
    }
    if (this.current === 'not_permitted' && performance.now() < this.heldUntil) return;
    // What a write has found, only a write can find gone. A server that could be asked is at least reachable.
    if (this.current === 'out_of_memory' || this.current === 'not_persisting') {
      await this.redis.set(PROBE_KEY, '1', 'PX', PROBE_LIFE_MS);
    }
    this.enter('ok');
  }

  private async askCluster(): Promise<void> {
    const info = String(await this.redis.call('CLUSTER', 'INFO'));
    if (/^cluster_state:fail/m.test(info)) throw new Error('CLUSTERDOWN The cluster is down');
    // The state is what one node believes; a read finds whether the slots lead to primaries.
    await this.redis.exists(PROBE_KEY);
  }

  private async isReplica(): Promise<boolean> {
    // A subscribed connection may only ping. A replica receives what is published at its primary.
    const isSubscribed = this.redis instanceof Redis && this.redis.mode === 'subscriber';
    if (!this.tellsRole || isSubscribed) {
      await this.redis.ping();
      return false;
    }
    try {
      const role = (await this.redis.role()) as readonly unknown[];
      return String(role[0]) === 'slave';
    } catch (error) {
      if (!/^(NOPERM|ERR unknown command)/.test((error as Error).message)) throw error;
      this.tellsRole = false;
      return false;
    }
  }

  /** ioredis waits in silence for a server that loads its data; a connection that does not wait gets its reply. */
  private async askBeforeReady(redis: Redis): Promise<void> {
    const side = Redis.prototype.duplicate.call(redis, BEFORE_READY);
    side.on('error', (error: Error) => this.note(error));
    await side.exists(PROBE_KEY).catch((error: Error) => this.note(error));
    side.disconnect();
  }

  /** An error of the connection itself. */
  private failed(error: Error & { readonly lastNodeError?: Error }): void {
    const cause = error.lastNodeError ?? error;
    if (conditionOf(cause) !== undefined) this.note(cause);
    else if (this.redis.status !== 'ready') this.enter('unreachable');
  }

  /** A peer that vanished without closing leaves a connection that looks well and never answers. */
  private silent(): void {
    this.unanswered += 1;
    if (this.unanswered < SILENT_CHECKS || this.redis.status !== 'ready') return;
    this.unanswered = 0;
    this.enter('unreachable');
    this.redis.disconnect(true);
  }

  /** A check is answered once the command before it has ended, which BullMQ has happen every few seconds. */
  private unheard(): void {
    if (!this.options.blocking || this.askedAt === undefined) return;
    if (performance.now() - this.askedAt <= UNHEARD_MS) return;
    this.askedAt = undefined;
    this.enter('unreachable');
    this.redis.disconnect(true);
  }

  private lost(): void {
    this.unanswered = 0;
    this.askedAt = undefined;
    // A password that is refused, and a replica, close the connection too: the cause is kept.
    if (isReadable(this.current)) this.enter('unreachable');
  }

  /** An address that leads to a replica for a while does not have the connection made again without a pause. */
  private mayRenew(): boolean {
    const now = performance.now();
    if (now - this.renewedAt < REPLICA_PAUSE_MS) return false;
    this.renewedAt = now;
    return true;
  }

  private enter(condition: RedisCondition): void {
    if (condition === this.current) return;
    this.current = condition;
    if (this.readable) for (const callback of this.waiting.splice(0)) callback();
    this.options.onCondition?.(condition);
  }
}

/**
 * The nodes of a cluster have connections of their own, which may fall silent one by one.
 *
 * @param blocking whether a ping waits behind blocking commands
 */
export function dropSilentNodes(cluster: Cluster, blocking: boolean): void {
  const limitMs = blocking ? UNHEARD_MS : SILENT_CHECKS * CHECK_MS;
  cluster.on('+node', (node: Redis) => {
    let silentSince: number | undefined;
    let asking = false;
    const ask = async () => {
      asking = true;
      silentSince ??= performance.now();
      await node.ping().then(
        () => {
          silentSince = undefined;
        },
        () => undefined,
      );
      asking = false;
    };
    const timer = setInterval(() => {
      if (node.status !== 'ready') return;
      if (silentSince !== undefined && performance.now() - silentSince > limitMs) node.disconnect();
      else if (!asking) void ask();
    }, CHECK_MS).unref();
    node.once('end', () => clearInterval(timer));
  });
}
