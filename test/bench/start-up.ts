import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis } from '@iris/context-cache/testing';
import { answers, startChild } from '../../apps/sandbox/src/mesh/child.js';
import { startPdp } from '../../apps/sandbox/src/mesh/pdp.js';
import { processorMs } from './process-cost.js';
import { measured, median, round, type Table } from './table.js';

const PAIRS = Number(process.env.BENCH_PAIRS ?? 10);

/** From the start of a gateway's process until it is ready, which it is once the golden decisions are answered. */
export async function run(): Promise<Table> {
  const collector = createServer((request, response) => request.resume().on('end', () => response.end()));
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), 'iris-start-'));
  const redis = await startRedis();
  const pdp = await startPdp({ root: process.cwd() });
  try {
    const preload = ['--import', './dist/libs/telemetry/src/register.js'];
    const nothing: Record<string, string> = {};
    const kinds = [
      { name: 'off', preload: [], env: nothing },
      { name: 'on, nothing exported', preload, env: nothing },
      { name: 'on, exported', preload, env: { ...nothing, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } },
    ].map((kind) => ({ ...kind, ms: [] as number[], cpuMs: [] as number[] }));
    // One more than is counted: the first finds its files in no cache.
    for (let pair = 0; pair <= PAIRS; pair += 1) {
      for (const kind of pair % 2 === 0 ? kinds : [...kinds].reverse()) {
        const env = { IRIS_REDIS_URL: redis.url, IRIS_PDP_TARGET: pdp.target, IRIS_EVIDENCE_DIRECTORY: folder };
        const { ms, cpuMs } = await startOnce(kind.preload, { ...env, ...kind.env });
        if (pair === 0) continue;
        kind.ms.push(ms);
        kind.cpuMs.push(cpuMs);
      }
    }
    const [off, , exported] = kinds;
    if (off === undefined || exported === undefined) throw new Error('there are three kinds');
    return {
      title: 'Start of a gateway until it is ready, by OpenTelemetry',
      columns: ['OpenTelemetry', 'median ms', 'x', 'median CPU ms', 'x'],
      rows: kinds.map(({ name, ms, cpuMs }) => [
        name,
        Math.round(median(ms)),
        round(median(ms) / median(off.ms)),
        Math.round(median(cpuMs)),
        round(median(cpuMs) / median(off.cpuMs)),
      ]),
      goals: [
        {
          what: 'start with OpenTelemetry on against off',
          measured: median(exported.ms) / median(off.ms),
          atMost: 1.3,
        },
      ],
      measures: [
        measured(
          'start with OpenTelemetry on against off',
          'x',
          exported.ms.map((ms, index) => ms / (off.ms[index] ?? Number.NaN)),
        ),
        measured('start, OpenTelemetry on', 'ms', exported.ms),
      ],
      notes: [`${PAIRS} starts of each, in turn.`],
    };
  } finally {
    await pdp.process.stop();
    await redis.stop();
    collector.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startOnce(preload: readonly string[], env: Readonly<Record<string, string>>) {
  const port = await freePort();
  const start = performance.now();
  const child = await startChild({
    name: 'gateway',
    command: process.execPath,
    args: ['--enable-source-maps', ...preload, 'dist/apps/gateway/src/main.js'],
    env: { ...env, IRIS_HTTP_PORT: String(port), IRIS_HOOK_KEYS: 'bench=bench-hook-key', OTEL_SERVICE_NAME: 'gateway' },
    ready: () => answers(`http://127.0.0.1:${port}/readyz`),
  });
  const ms = performance.now() - start;
  const cpuMs = await processorMs(child.pid);
  await child.stop();
  return { ms, cpuMs };
}
