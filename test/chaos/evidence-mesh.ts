import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startRedis, type TestRedis } from '@iris/context-cache/testing';
import { readEvidence } from '@iris/evidence';
import { type HttpEndpoint, startHttpEndpoint } from '../../apps/auditor/test/http-endpoint.js';

const ROOT = join(import.meta.dirname, '../..');

/** A process of the mesh. */
export interface MeshProcess {
  /** What it has printed so far. */
  output(): string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Asks it to end. @returns its exit code */
  terminate(): Promise<number | null>;
}

export interface GatewayOptions {
  readonly maxBytes?: number;
  readonly recordsPerTick?: number;
  readonly segmentMs?: number;
}

/** What reached one sink. */
export interface Delivered {
  /** Ids without repeats, in the order in which they first came. */
  readonly ids: readonly string[];
  readonly repeats: number;
}

/** Gateways, auditors, Redis and an HTTP sink as real processes, with everything below one folder. */
export class EvidenceMesh {
  readonly folder = mkdtempSync(join(tmpdir(), 'iris-chaos-'));
  readonly spool = join(this.folder, 'spool');
  private readonly processes: { readonly child: ChildProcess; readonly process: MeshProcess }[] = [];
  private gateways = 0;
  private outputs: (() => string)[] = [];

  private constructor(
    readonly redis: TestRedis,
    private sink: HttpEndpoint,
  ) {
    mkdirSync(this.spool);
  }

  static async start(): Promise<EvidenceMesh> {
    return new EvidenceMesh(await startRedis(), await startHttpEndpoint());
  }

  get endpoint(): HttpEndpoint {
    return this.sink;
  }

  /** Closes the HTTP sink. @returns a function that opens it again on the same port, with what it received before */
  async closeSink(): Promise<() => Promise<void>> {
    const before = this.sink;
    await before.close();
    return async () => {
      const after = await startHttpEndpoint(Number(new URL(before.url).port));
      after.taken.push(...before.taken);
      this.sink = after;
    };
  }

  gateway(options: GatewayOptions = {}): MeshProcess {
    this.gateways += 1;
    return this.spawn([join(ROOT, 'test/chaos/evidence-gateway.mjs')], {
      DIRECTORY: this.spool,
      ACKS: this.acks,
      REDIS_URL: this.redis.url,
      MAX_BYTES: String(options.maxBytes ?? 100_000_000),
      SEGMENT_MS: String(options.segmentMs ?? 300),
      RECORDS_PER_TICK: String(options.recordsPerTick ?? 8),
      LABEL: String(this.gateways),
    });
  }

  /** Starts the built auditor and waits until it listens. */
  async auditor(): Promise<MeshProcess> {
    const auditor = this.spawn([join(ROOT, 'dist/apps/auditor/src/main.js')], {
      IRIS_REDIS_URL: this.redis.url,
      IRIS_HTTP_PORT: '0',
      IRIS_DELIVERY_LOCK_SECONDS: '1',
      IRIS_FILE_SINK_DIRECTORY: join(this.folder, 'out'),
      IRIS_FILE_SINK_MAX_BYTES: '200000',
      IRIS_HTTP_SINK_URL: this.sink.url,
      IRIS_HTTP_SINK_SECRET: 'a-shared-signing-key',
      IRIS_HTTP_SINK_TIMEOUT_MS: '2000',
    });
    await eventually(async () => {
      if (!auditor.output().includes('auditor listening')) throw new Error(`no auditor: ${auditor.output()}`);
    });
    return auditor;
  }

  /** Ids of the records whose append returned, of all gateways. */
  acknowledged(): string[] {
    return existsSync(this.acks)
      ? readFileSync(this.acks, 'utf8')
          .split('\n')
          .filter((id) => id.length === 36)
      : [];
  }

  /** Waits until so many more records were acknowledged. */
  async more(total: number): Promise<void> {
    const goal = this.acknowledged().length + total;
    await eventually(async () => {
      if (this.acknowledged().length < goal) throw new Error(`${this.acknowledged().length} of ${goal} acknowledged`);
    });
  }

  async inFiles(): Promise<Delivered> {
    const ids: string[] = [];
    let repeats = 0;
    const onRepeat = () => {
      repeats += 1;
    };
    for await (const { id } of readEvidence(join(this.folder, 'out'), { onRepeat })) ids.push(id);
    return { ids, repeats };
  }

  overHttp(): Delivered {
    const all = this.sink.ids();
    const ids = [...new Set(all)];
    return { ids, repeats: all.length - ids.length };
  }

  /** Everything that any process printed. */
  printed(): string {
    return this.outputs.map((output) => output()).join('');
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(({ process }) => process.kill()));
    await this.sink.close().catch(() => undefined);
    await this.redis.stop();
    rmSync(this.folder, { recursive: true });
  }

  private get acks(): string {
    return join(this.folder, 'acks');
  }

  private spawn(args: readonly string[], environment: Record<string, string>): MeshProcess {
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, TEST_RUN_ID: process.env.TEST_RUN_ID, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const ended = once(child, 'close');
    const end = async (signal: NodeJS.Signals) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
      return child.exitCode;
    };
    const started: MeshProcess = {
      output: () => text,
      kill: async () => {
        await end('SIGKILL');
      },
      terminate: () => end('SIGTERM'),
    };
    this.processes.push({ child, process: started });
    this.outputs.push(() => text);
    return started;
  }
}
