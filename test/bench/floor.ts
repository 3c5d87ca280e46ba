import { type EvidenceRecord, readEvidence } from '@iris/evidence';
import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { checkOf, FloorClient } from './floor-client.js';
import { atOnce, HookClient } from './hook-load.js';
import { processorMs } from './process-cost.js';
import { afterResponse, peopleOf, preRequest, preToolUse, type SampleHook } from './sample-hooks.js';
import { blocksOf, measured, median, percentile, round, type Table } from './table.js';

/** Hooks and checks take turns in blocks, so that other work on the machine meets both alike. */
const BLOCKS = Number(process.env.BENCH_BLOCKS ?? 40);
const BLOCK = 50;
/** Hooks before anything is measured: V8 still optimises the code of a hook after thousands of them. */
const WARM_UP = Number(process.env.BENCH_WARM_UP ?? 10_000);
const BUSY = 8;

/**
 * A warm hook with one tool call, from HTTP in to HTTP out, against the same check by a bare client of the PDP in a
 * process of its own.
 */
export async function run(): Promise<Table> {
  const mesh = await startMesh({ root: process.cwd() });
  let floor: FloorClient | undefined;
  const [gateway] = mesh.gateways;
  if (gateway === undefined) throw new Error('the mesh has a gateway');
  const client = new HookClient(gateway.url, BUSY);
  try {
    const [person] = peopleOf(mesh.sandbox.admin.company).filter(({ login }) => login === 'ben@lumen.example');
    if (person === undefined) throw new Error('the company has ben');
    const kinds: readonly (readonly [string, () => SampleHook])[] = [
      ['pre_request', () => preRequest(person)],
      ['tool_call_entire_request', () => afterResponse(person)],
      ['pre_tool_use', () => preToolUse()],
    ];
    for (const [, make] of kinds) await atOnce(BUSY, Math.ceil(WARM_UP / kinds.length), () => client.send(make()));
    floor = await FloorClient.start(mesh.pdp.target, checkOf(await decisionIn(gateway.evidenceDirectory)));
    await floor.check(WARM_UP, BUSY);

    const subjects: Subject[] = [
      ...kinds.map(([name, make]) =>
        subject(name, gateway.process.pid, (count, concurrency) =>
          atOnce(concurrency, count, () => client.send(make())),
        ),
      ),
    ];
    const bare = subject('bare check', floor.pid, (count, concurrency) =>
      (floor as FloorClient).check(count, concurrency),
    );
    for (let block = 0; block < BLOCKS; block += 1) {
      for (const each of [bare, ...subjects]) await measure(each, block % 4 === 3 ? BUSY : 1);
    }
    const [preRequests] = subjects;
    if (preRequests === undefined) throw new Error('there are subjects');
    return {
      title: 'A warm hook with one tool call against a bare check of the PDP',
      columns: ['what', 'p50 ms', 'added', 'x', 'p99 ms', 'x', 'CPU ms each', 'added', 'throughput per core', 'x'],
      rows: [bare, ...subjects].map((each) => row(each, bare)),
      goals: [
        { what: 'p50 that pre_request adds, in ms', measured: p(preRequests, 50) - p(bare, 50), atMost: 2.2 },
        { what: 'CPU that pre_request adds, in ms', measured: cost(preRequests) - cost(bare), atMost: 0.8 },
        { what: 'p50 of pre_request against the floor', measured: p(preRequests, 50) / p(bare, 50), atMost: 1.8 },
        { what: 'p99 of pre_request against the floor', measured: p(preRequests, 99) / p(bare, 99), atMost: 2 },
        {
          what: 'throughput per core of pre_request against the floor',
          measured: cost(bare) / cost(preRequests),
          atLeast: 0.5,
        },
      ],
      measures: subjects.flatMap((each) => [
        measured(`${each.name}: p50 against a bare check`, 'x', againstBare(medians(each), medians(bare))),
        measured(`${each.name}: CPU against a bare check`, 'x', againstBare(each.busy.blocks, bare.busy.blocks)),
        measured(`${each.name}: p50`, 'ms', medians(each)),
        measured(`${each.name}: CPU`, 'ms', each.busy.blocks),
      ]),
      notes: [
        `${WARM_UP} hooks and as many checks before. Blocks of ${BLOCK} take turns; ${BLOCKS} blocks of each: three of four one after another (latency), each fourth ${BUSY} at once (processor time of the process).`,
      ],
    };
  } finally {
    floor?.close();
    await client.close();
    await mesh.close();
  }
}

/** Something that is measured, and the process that does the work. */
interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly act: (count: number, concurrency: number) => Promise<readonly number[]>;
  readonly times: number[];
  busy: { cpuMs: number; count: number; blocks: number[] };
}

function subject(name: string, pid: number, act: Subject['act']): Subject {
  return { name, pid, act, times: [], busy: { cpuMs: 0, count: 0, blocks: [] } };
}

async function measure(each: Subject, concurrency: number): Promise<void> {
  if (concurrency === 1) {
    each.times.push(...(await each.act(BLOCK, 1)));
    return;
  }
  const count = BLOCK * 4;
  const before = await processorMs(each.pid);
  await each.act(count, concurrency);
  const cpuMs = (await processorMs(each.pid)) - before;
  const { busy } = each;
  each.busy = { cpuMs: busy.cpuMs + cpuMs, count: busy.count + count, blocks: [...busy.blocks, cpuMs / count] };
}

/** p50 of each block. */
function medians({ times }: Subject): number[] {
  return blocksOf(times, BLOCK).map(median);
}

/** Each block against the one of the bare check beside it. */
function againstBare(blocks: readonly number[], bare: readonly number[]): number[] {
  return blocks.map((figure, index) => figure / (bare[index] ?? Number.NaN));
}

function p({ times }: Subject, percent: number): number {
  return percentile(times, percent);
}

/** Processor time of one, in ms. */
function cost({ busy }: Subject): number {
  return busy.cpuMs / busy.count;
}

function row(each: Subject, bare: Subject): (string | number)[] {
  return [
    each.name,
    round(p(each, 50)),
    round(p(each, 50) - p(bare, 50)),
    round(p(each, 50) / p(bare, 50)),
    round(p(each, 99)),
    round(p(each, 99) / p(bare, 99)),
    round(cost(each)),
    round(cost(each) - cost(bare)),
    `${Math.round(1000 / cost(each))}/s`,
    round(cost(bare) / cost(each)),
  ];
}

async function decisionIn(directory: string): Promise<EvidenceRecord> {
  for await (const record of readEvidence(directory)) {
    if (record.action !== undefined && record.event === 'pre_request') return record;
  }
  throw new Error('no decision is recorded');
}
