import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckResourcesRequest } from '@cerbos/core';
import { ContextWriter, principalKey } from '@iris/context-cache';
import { freePort, startRedis } from '@iris/context-cache/testing';
import { answers, type Child, startChild } from '../../apps/sandbox/src/mesh/child.js';
import { startPdp } from '../../apps/sandbox/src/mesh/pdp.js';
import { FloorClient } from './floor-client.js';
import { processorMs } from './process-cost.js';
import { measured, median, percentile, round, type Table } from './table.js';

/** Direct and enriched questions take turns in blocks, so that other work on the machine meets both alike. */
const BLOCKS = Number(process.env.BENCH_BLOCKS ?? 20);
const BLOCK = 100;
const WARM_UP = 1000;
const BUSY = 8;

const PERSON = 'ana@acme.example';

/** A page of an application: a person's rights on a few reports. */
const QUESTION: CheckResourcesRequest = {
  principal: { id: PERSON, roles: ['employee'], attr: { locale: 'en' } },
  resources: Array.from({ length: 5 }, (_, index) => ({
    resource: { kind: 'report', id: `R${index}`, attr: { department: index % 2 === 0 ? 'Finance' : 'Legal' } },
    actions: ['read', 'administer'],
  })),
};

/** The facts that a direct question has to carry itself. */
const FACTS = { department: 'Finance', groups: ['Finance', 'Everyone', 'Berlin'], title: 'Analyst', login: PERSON };

/**
 * A warm enriched CheckResources of Cerbos' own client over gRPC, against the same question to the PDP itself, with the
 * facts in it.
 */
export async function run(): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-bench-proxy-'));
  const redis = await startRedis();
  const pdp = await startPdp({ root: process.cwd(), policies: 'test/pdp-proxy/policies' });
  let proxy: Child | undefined;
  const clients: FloorClient[] = [];
  try {
    const connection = await redis.connect();
    const observedAt = Date.now();
    await new ContextWriter(connection).write(
      { key: principalKey(PERSON), field: 'okta' },
      {
        status: 'FOUND',
        attributes: FACTS,
        observedAt,
        freshUntil: observedAt + 3_600_000,
        staleUntil: observedAt + 3_600_000,
      },
    );
    const started = await startProxy(folder, pdp, redis.url);
    proxy = started.process;
    const principal = { ...QUESTION.principal, attr: { ...QUESTION.principal.attr, ...FACTS, okta: FACTS } };
    const direct = await FloorClient.start(pdp.target, { ...QUESTION, principal });
    const enriched = await FloorClient.start(started.target, QUESTION);
    clients.push(direct, enriched);
    const subjects: Subject[] = [
      { name: 'direct', client: direct, pids: [pdp.process.pid], times: [], cpu: [] },
      { name: 'enriched', client: enriched, pids: [pdp.process.pid, proxy.pid], times: [], cpu: [] },
    ];
    for (const { client } of subjects) await client.check(WARM_UP, BUSY);
    for (let block = 0; block < BLOCKS; block += 1) {
      for (const each of subjects) await measure(each);
    }
    return tableOf(subjects as [Subject, Subject]);
  } finally {
    for (const client of clients) client.close();
    await proxy?.stop();
    await pdp.process.stop();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Subject {
  readonly name: string;
  readonly client: FloorClient;
  /** The processes that answer. */
  readonly pids: readonly number[];
  readonly times: number[];
  /** Processor time of all of them for each question, in ms, by block. */
  readonly cpu: number[];
}

async function measure({ client, pids, times, cpu }: Subject): Promise<void> {
  times.push(...(await client.check(BLOCK, 1)));
  const used = async () => (await Promise.all(pids.map(processorMs))).reduce((sum, ms) => sum + ms, 0);
  const before = await used();
  await client.check(BLOCK * 4, BUSY);
  cpu.push(((await used()) - before) / (BLOCK * 4));
}

function tableOf([direct, enriched]: [Subject, Subject]): Table {
  const p50 = (each: Subject) => percentile(each.times, 50);
  const row = (each: Subject) => [
    each.name,
    round(p50(each)),
    round(p50(each) / p50(direct)),
    round(percentile(each.times, 99)),
    round(median(each.cpu)),
    `${Math.round(1000 / median(each.cpu))}/s`,
    round(median(direct.cpu) / median(each.cpu)),
  ];
  return {
    title: 'A warm enriched CheckResources against the PDP itself',
    columns: ['what', 'p50 ms', 'x', 'p99 ms', 'CPU ms each', 'throughput per core', 'x'],
    rows: [direct, enriched].map(row),
    goals: [
      { what: 'p50 against the PDP itself', measured: p50(enriched) / p50(direct), atMost: 1.8 },
      {
        what: 'throughput per core against the PDP itself',
        measured: median(direct.cpu) / median(enriched.cpu),
        atLeast: 0.5,
      },
    ],
    measures: [
      measured(
        'enriched: CPU added to the PDP',
        'ms',
        enriched.cpu.map((ms, index) => ms - (direct.cpu[index] ?? 0)),
      ),
      measured(
        'enriched: CPU against the PDP itself',
        'x',
        enriched.cpu.map((ms, index) => ms / (direct.cpu[index] ?? Number.NaN)),
      ),
    ],
    notes: [
      `${QUESTION.resources.length} resources with 2 actions each, over gRPC. Added processor time: ${round(median(enriched.cpu) - median(direct.cpu))} ms for each question, with a record for each decision.`,
      `Processor time is that of all processes that answer: the PDP, or the PDP and the proxy. ${BLOCKS} blocks of each take turns.`,
    ],
  };
}

async function startProxy(folder: string, pdp: { target: string; httpUrl: string }, redisUrl: string) {
  const [http, grpc] = [await freePort(), await freePort()];
  const callers = join(folder, 'callers.yaml');
  await writeFile(callers, 'callers: { bench: { addresses: [127.0.0.1], kinds: ["*"] } }\n');
  const sources = join(folder, 'sources.yaml');
  await writeFile(sources, SOURCES);
  const process_ = await startChild({
    name: 'pdp-proxy',
    command: process.execPath,
    args: [
      ...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []),
      '--import',
      './dist/libs/telemetry/src/register.js',
      'dist/apps/pdp-proxy/src/main.js',
    ],
    env: {
      IRIS_HTTP_PORT: String(http),
      IRIS_GRPC_PORT: String(grpc),
      IRIS_CALLERS_FILE: callers,
      IRIS_SOURCES_FILE: sources,
      IRIS_REDIS_URL: redisUrl,
      IRIS_PDP_TARGET: pdp.target,
      IRIS_PDP_HTTP_URL: pdp.httpUrl,
      IRIS_EVIDENCE_DIRECTORY: join(folder, 'evidence'),
      IRIS_LOG_LEVEL: 'warn',
    },
    ready: () => answers(`http://127.0.0.1:${http}/healthz`),
  });
  return { process: process_, target: `127.0.0.1:${grpc}` };
}

const SOURCES = `sources:
  okta:
    enabled: true
    subject: login
    freshSeconds: 900
    staleSeconds: 3600
    notFoundSeconds: 60
    timeoutMs: 3000
    concurrency: 20
    address: 127.0.0.1:9
`;
