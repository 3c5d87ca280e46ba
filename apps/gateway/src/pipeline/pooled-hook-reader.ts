import { setImmediate as nextTurn } from 'node:timers/promises';
import { deserialize } from 'node:v8';
import type { ToolCall } from '@iris/contracts';
import { count, type Logger } from '@iris/telemetry';
import { Piscina } from 'piscina';
import type { HookLimits } from '../hook/index.js';
import { decodeBody } from '../protocol/content-coding.js';
import type { BodyDecisions, HookCalls, RewrittenBody } from '../protocol/hook-calls.js';
import type { HookReading } from '../protocol/hook-reader.js';
import { HookReader } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { InThreadHookReader } from './hook-reader.js';
import type { ReadTask, ReadTaskResult, ReadWorkerData, RewriteTask, RewriteTaskResult } from './read-protocol.js';

export interface PoolOptions {
  /** Decoded size in bytes above which a hook is read in a worker thread. */
  readonly offloadAboveBytes: number;
  readonly threads: number;
  /** Hooks that wait for a thread; further ones are refused. */
  readonly maxQueue: number;
  /** Memory of one thread for objects and strings, in MiB. */
  readonly maxHeapMb: number;
  /** The compiled worker; for specs, which run uncompiled. */
  readonly workerFile?: URL;
}

/** A thread beyond the first ends after so long without work, in ms. */
const IDLE_MS = 30_000;

/**
 * Reads small hooks on the event loop and large ones in worker threads, so that no hook occupies the event loop for long.
 * A thread does everything that takes as long as the body is: decoding, parsing, reading the calls and editing. Back come
 * the calls alone, in batches, and the decoded bytes, which are transferred and not copied.
 */
export class PooledHookReader implements HookReader {
  private readonly inThread: InThreadHookReader;
  private readonly pool: Piscina;
  /** Hooks that are read or wait for it. Counted here: tasks that can be aborted pass by the queue limit of Piscina. */
  private reading = 0;
  private lastId = 0;

  constructor(
    limits: HookLimits,
    private readonly options: PoolOptions,
    private readonly logger: Logger,
  ) {
    this.inThread = new InThreadHookReader(limits);
    const workerData: ReadWorkerData = { limits };
    this.pool = new Piscina({
      filename: (options.workerFile ?? new URL('./read-worker.js', import.meta.url)).href,
      workerData,
      minThreads: 1,
      maxThreads: options.threads,
      idleTimeout: IDLE_MS,
      concurrentTasksPerWorker: 1,
      // Waiting threads would block in a system call, in which they cannot be ended.
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb },
      // Telemetry is the main thread's.
      execArgv: [],
    });
    this.pool.on('error', (error: Error) => this.logger.error({ err: error }, 'a worker thread ended'));
  }

  /** Ends the threads. Hooks that wait for one are refused. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  async read(incoming: IncomingHook, signal: AbortSignal): Promise<HookReading> {
    const small = await this.small(incoming);
    if (small !== undefined) return this.inThread.read(small);
    if (this.reading >= this.options.threads + this.options.maxQueue) return busy();
    this.reading += 1;
    this.lastId += 1;
    const id = this.lastId;
    try {
      const result = await this.run<ReadTaskResult>('read', { id, incoming }, signal);
      if (!result.ok) return result;
      count('iris.hook.offloaded', { outcome: 'read' });
      return { ok: true, hook: result.hook, calls: await this.callsOf({ id, incoming }, result, signal) };
    } catch (error) {
      return this.refusal(error);
    } finally {
      this.reading -= 1;
    }
  }

  /** The hook when it is small: with its coding undone where it has one; undefined for a large one. */
  private async small(incoming: IncomingHook): Promise<IncomingHook | undefined> {
    const maxBytes = this.options.offloadAboveBytes;
    if (incoming.body.length > maxBytes) return undefined;
    const decoded = await decodeBody(incoming.body, incoming.contentCoding, {
      maxBodyBytes: maxBytes,
      maxDecodedRatio: Number.MAX_SAFE_INTEGER,
    });
    if (decoded.ok) return { ...incoming, body: decoded.bytes, contentCoding: undefined };
    return decoded.reason === 'body_too_large' ? undefined : incoming;
  }

  private async callsOf(
    { id, incoming }: ReadTask,
    result: Extract<ReadTaskResult, { ok: true }>,
    signal: AbortSignal,
  ): Promise<HookCalls> {
    if (result.calls.status !== 'read') return result.calls;
    const calls: ToolCall[] = [];
    for (const batch of result.batches) {
      await nextTurn();
      calls.push(...(deserialize(batch) as ToolCall[]));
    }
    const { format, ...beside } = result.calls;
    if (format === undefined) return { ...beside, calls };
    let body: Uint8Array | undefined = result.body;
    const rewrite = async (decisions: BodyDecisions): Promise<RewrittenBody> => {
      // A body that cannot be rewritten is blocked: what is denied in it must not pass.
      if (body === undefined) return { status: 'not_representable' };
      const task: RewriteTask = { id, incoming: { ...incoming, body, contentCoding: undefined }, decisions };
      body = undefined;
      try {
        const answer = await this.run<RewriteTaskResult>('rewrite', task, signal);
        body = answer.body;
        return asBuffer(answer.rewritten);
      } catch (error) {
        this.refusal(error);
        return { status: 'not_representable' };
      }
    };
    return { ...beside, calls, body: { format, rewrite } };
  }

  private run<R>(name: 'read' | 'rewrite', task: ReadTask | RewriteTask, signal: AbortSignal): Promise<R> {
    const { body } = task.incoming;
    // Bytes that share their memory with others are copied.
    const isOwn = body.byteLength === body.buffer.byteLength;
    const sent = isOwn ? body : new Uint8Array(body);
    const transferList = [sent.buffer as ArrayBuffer];
    return this.pool.run({ ...task, incoming: { ...task.incoming, body: sent } }, { name, transferList, signal });
  }

  private refusal(error: unknown): HookReading {
    if ((error as Error | undefined)?.name === 'AbortError') return busy();
    count('iris.hook.offloaded', { outcome: 'failed' });
    this.logger.error({ err: error }, 'a large hook was not read by its worker thread');
    return { ok: false, reason: 'worker_failed', detail: 'the thread that read it ended' };
  }
}

function busy(): HookReading {
  count('iris.hook.offloaded', { outcome: 'busy' });
  return { ok: false, reason: 'gateway_busy', detail: 'too many large hooks are being read; try again' };
}

/** A buffer loses its class on the way between threads. */
function asBuffer(rewritten: RewrittenBody): RewrittenBody {
  if (rewritten.status !== 'rewritten' || typeof rewritten.text === 'string') return rewritten;
  const { buffer, byteOffset, byteLength } = rewritten.text;
  return { status: 'rewritten', text: Buffer.from(buffer, byteOffset, byteLength) };
}
