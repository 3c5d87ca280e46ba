import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ADVERSE_SHAPES, type AdverseHook, type AdverseShape, PLAIN_TEXT } from './adverse-shapes.js';
import { GENERATED_SHAPES } from './generated-shapes.js';
import { HookClient } from './hook-load.js';
import { processorMs, residentMegabytes } from './process-cost.js';
import { peopleOf, preRequest } from './sample-hooks.js';
import { round, type Table } from './table.js';

const KB = 1024;
const MB = 1024 * KB;
/** Sizes after decompression; the last one is the limit of the default settings. */
const SIZES: readonly number[] = [KB, 100 * KB, MB, 8 * MB, 60 * MB];
const INNOCENT_PER_SECOND = 20;
const BUDGET_MS = 1500;

/** What one adverse hook cost. */
export interface WorstCase {
  readonly shape: string;
  readonly bytes: number;
  /** Most CPU time that the gateway's main thread used between two turns of the event loop, in ms. */
  readonly heldMs: number;
  /** Longest time for which the event loop did not turn, in ms: grows with what else the machine does. */
  readonly delayMs: number;
  readonly gatewayCpuMs: number;
  readonly pdpCpuMs: number;
  /** Growth of resident memory over idle, in MB. */
  readonly grownMegabytes: number;
  readonly reply: string;
  readonly innocentSent: number;
  /** Innocent hooks without a verdict. */
  readonly innocentFailed: number;
  /** Innocent hooks without a verdict in time: grows with what else the machine does. */
  readonly innocentMissed: number;
}

/**
 * The cost of hooks that are made to be costly, while ordinary ones continue. Every shape in every size is sent alone to
 * one gateway of a whole mesh; BENCH_SHAPES limits the run to shapes whose name holds the text.
 */
export async function run(): Promise<Table> {
  const only = process.env.BENCH_SHAPES ?? '';
  const shapes = Object.entries({ ...ADVERSE_SHAPES, ...GENERATED_SHAPES }).filter(([name]) => name.includes(only));
  const largest = Number(process.env.BENCH_MAX_BYTES ?? SIZES.at(-1));
  const cases = await measureShapes(
    [['plain text', PLAIN_TEXT], ...shapes],
    SIZES.filter((bytes) => bytes <= largest),
  );
  const costs = new CostModel(cases);
  const worst = (of: (one: WorstCase) => number) => Math.max(...cases.map(of));
  return {
    title: 'Hooks that are made to be costly',
    columns: [
      'shape',
      'event loop held, CPU ms',
      'event loop late, ms',
      'x plain text per MB',
      'PDP CPU ms',
      'share of the memory bound',
      'replies',
    ],
    rows: byShape(cases).map(([shape, sizes]) => {
      const most = (of: (one: WorstCase) => number) => round(Math.max(...sizes.map(of)));
      return [
        shape,
        most(({ heldMs }) => heldMs),
        most(({ delayMs }) => delayMs),
        most((one) => costs.ratio(one)),
        most(({ pdpCpuMs }) => pdpCpuMs),
        most(memoryShare),
        [...new Set(sizes.map(({ reply }) => reply))].join(', '),
      ];
    }),
    goals: [
      { what: 'longest hold of the event loop, CPU ms', measured: worst(({ heldMs }) => heldMs), atMost: 50 },
      { what: 'gateway CPU per MB against plain text', measured: worst((one) => costs.ratio(one)), atMost: 10 },
      { what: 'memory growth against the bound', measured: worst(memoryShare), atMost: 1 },
      { what: 'CPU ms of the PDP for one hook', measured: worst(({ pdpCpuMs }) => pdpCpuMs), atMost: BUDGET_MS },
      { what: 'ordinary hooks that missed their budget', measured: sum(cases, 'innocentMissed'), atMost: 0 },
    ],
    notes: [
      `Each figure is the highest of a shape over its sizes after decompression: ${SIZES.filter(
        (bytes) => bytes <= largest,
      )
        .map((bytes) => bytes / KB)
        .join(', ')} KB.`,
      `${sum(cases, 'innocentSent')} ordinary hooks were sent beside, ${INNOCENT_PER_SECOND} a second, with a budget of ${BUDGET_MS} ms.`,
      'The event loop is held for the CPU time of the main thread between two turns; it is late by the clock, so also while other processes have the CPU.',
      'CPU is that of all threads of the process, less what the ordinary hooks cost, less the cost of 1 KB of the shape.',
      'The bound of memory is 8 times the decoded bytes and 64 MB more.',
    ],
  };
}

/** Sends each shape in each size to a mesh of its own making, one after another. */
async function measureShapes(
  shapes: readonly (readonly [string, AdverseShape])[],
  sizes: readonly number[],
): Promise<WorstCase[]> {
  return withWorstCaseBench(async (bench) => {
    const cases: WorstCase[] = [];
    for (const [name, make] of shapes) {
      for (const bytes of sizes) {
        const one = await bench.measure(name, [make(bytes)]);
        cases.push(one);
        process.stderr.write(`  ${JSON.stringify(one)}\n`);
      }
    }
    return cases;
  });
}

/** Starts a mesh whose gateway is measured, and stops it after the use. */
export async function withWorstCaseBench<T>(use: (bench: WorstCaseBench) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-worst-case-'));
  const file = join(folder, 'delays');
  const mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_LOG_LEVEL: 'error' },
    gatewayEnv: {
      NODE_OPTIONS: '--import ./dist/test/bench/event-loop-probe.js',
      BENCH_EVENT_LOOP_FILE: file,
      IRIS_HOOK_BUDGET_MS: String(BUDGET_MS),
    },
  });
  try {
    const bench = new WorstCaseBench(mesh, file);
    await bench.warmUp();
    const result = await use(bench);
    await bench.close();
    return result;
  } finally {
    await mesh.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sends adverse hooks to the gateway of a mesh, and measures what they cost. */
export class WorstCaseBench {
  readonly #client: HookClient;
  readonly #adverse: Pool;
  readonly #pid: number;
  #innocentCpuMs = 0;

  constructor(
    private readonly mesh: Mesh,
    private readonly file: string,
  ) {
    const [gateway] = mesh.gateways;
    if (gateway === undefined) throw new Error('the mesh has a gateway');
    this.#client = new HookClient(gateway.url, 8);
    this.#adverse = new Pool(gateway.url, { connections: 8, headersTimeout: 300_000, bodyTimeout: 300_000 });
    this.#pid = gateway.process.pid ?? 0;
  }

  /** Also measures what an innocent hook costs, which is not the adverse hook's. */
  async warmUp(): Promise<void> {
    for (let index = 0; index < 500; index += 1) await this.#client.send(this.#innocent());
    const before = await processorMs(this.#pid);
    for (let index = 0; index < 200; index += 1) await this.#client.send(this.#innocent());
    this.#innocentCpuMs = ((await processorMs(this.#pid)) - before) / 200;
    await this.#eventLoop();
  }

  /** Whether the gateway's and the PDP's processes still run: none is restarted. */
  areAlive(): boolean {
    const pids = [this.#pid, this.mesh.pdp.process.pid];
    try {
      return pids.every((pid) => process.kill(pid, 0));
    } catch {
      return false;
    }
  }

  /** Sends the hooks at the same time. */
  async measure(shape: string, hooks: readonly AdverseHook[]): Promise<WorstCase> {
    for (const hook of hooks) {
      for (let sent = 0; sent < (hook.sentBefore ?? 0); sent += 1) await this.#send(hook);
    }
    const pdpPid = this.mesh.pdp.process.pid ?? 0;
    await this.#eventLoop();
    const idle = (await residentMegabytes(this.#pid)).now;
    const [gatewayBefore, pdpBefore] = [await processorMs(this.#pid), await processorMs(pdpPid)];
    const stream = this.#innocentStream();
    let peak = 0;
    const watching = setInterval(async () => {
      peak = Math.max(peak, (await residentMegabytes(this.#pid)).now);
    }, 20);
    const replies = await Promise.all(hooks.map((hook) => this.#send(hook)));
    await sleep(250);
    const { sent, failed, missed } = await stream.end();
    clearInterval(watching);
    const gatewayCpuMs = (await processorMs(this.#pid)) - gatewayBefore - sent * this.#innocentCpuMs;
    return {
      shape,
      bytes: hooks.reduce((sum, { decodedBytes }) => sum + decodedBytes, 0),
      ...(await this.#eventLoop()),
      gatewayCpuMs,
      pdpCpuMs: (await processorMs(pdpPid)) - pdpBefore,
      grownMegabytes: Math.max(0, peak - idle),
      reply: [...new Set(replies)].join(', '),
      innocentSent: sent,
      innocentFailed: failed,
      innocentMissed: missed,
    };
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#adverse.close();
  }

  #innocent() {
    const [person] = peopleOf(this.mesh.sandbox.admin.company, 1);
    return preRequest(person ?? { login: '', nodeId: '' });
  }

  async #send({ path, headers, body }: AdverseHook): Promise<string> {
    const response = await this.#adverse.request({
      path,
      method: 'POST',
      headers: { authorization: `Bearer ${HOOK_KEY}`, 'content-type': 'application/json', ...headers },
      body,
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) return `status ${response.statusCode}`;
    const { action, message = '' } = JSON.parse(text) as { action: string; message?: string };
    return `${action} ${/\[([a-z_]+)[^\]]*\]$/.exec(message)?.[1] ?? ''}`.trim();
  }

  #innocentStream() {
    const sending: Promise<number>[] = [];
    const timer = setInterval(() => {
      sending.push(this.#client.send(this.#innocent()).catch(() => Number.POSITIVE_INFINITY));
    }, 1000 / INNOCENT_PER_SECOND);
    return {
      end: async () => {
        clearInterval(timer);
        const times = await Promise.all(sending);
        return {
          sent: times.length,
          failed: times.filter((ms) => ms === Number.POSITIVE_INFINITY).length,
          missed: times.filter((ms) => ms > BUDGET_MS).length,
        };
      },
    };
  }

  /** Since the last call. */
  async #eventLoop(): Promise<Pick<WorstCase, 'heldMs' | 'delayMs'>> {
    const lines = async () => (await readFile(this.file, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    const before = (await lines()).length;
    this.mesh.gateways[0]?.process.signal('SIGUSR2');
    for (let waited = 0; waited < 1000; waited += 1) {
      const now = await lines();
      const [heldMs = Number.NaN, delayMs = Number.NaN] = (now[before] ?? '').split(' ').map(Number);
      if (now.length > before) return { heldMs, delayMs };
      await sleep(10);
    }
    throw new Error('the gateway does not report its event-loop delay');
  }
}

/** Cost per MB beyond that of the smallest hook of the shape, against the cost of plain text of the same size. */
class CostModel {
  readonly #plain: readonly WorstCase[];
  readonly #smallest = new Map<string, number>();

  constructor(cases: readonly WorstCase[]) {
    this.#plain = cases.filter(({ shape }) => shape === 'plain text');
    for (const { shape, gatewayCpuMs } of cases) {
      if (!this.#smallest.has(shape)) this.#smallest.set(shape, gatewayCpuMs);
    }
  }

  /** 0 for hooks so small that their cost is within noise. */
  ratio(one: WorstCase): number {
    if (one.bytes < 0.9 * MB) return 0;
    const plainPerMegabyte = Math.max(...this.#plain.filter(({ bytes }) => bytes >= 0.9 * MB).map(perMegabyte));
    const extra = Math.max(0, one.gatewayCpuMs - (this.#smallest.get(one.shape) ?? 0));
    return extra / (one.bytes / MB) / plainPerMegabyte;
  }
}

/** The cases of each shape. */
function byShape(cases: readonly WorstCase[]): [string, WorstCase[]][] {
  const shapes = new Map<string, WorstCase[]>();
  for (const one of cases) shapes.set(one.shape, [...(shapes.get(one.shape) ?? []), one]);
  return [...shapes];
}

function perMegabyte({ gatewayCpuMs, bytes }: WorstCase): number {
  return gatewayCpuMs / (bytes / MB);
}

/** Growth of memory as a share of what it may be: 8 times the decoded bytes and 64 MB more. */
export function memoryShare({ grownMegabytes, bytes }: WorstCase): number {
  return grownMegabytes / ((bytes * 8) / MB + 64);
}

function sum(cases: readonly WorstCase[], key: 'innocentSent' | 'innocentMissed'): number {
  return cases.reduce((total, one) => total + one[key], 0);
}
