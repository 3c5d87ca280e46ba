// What a decision costs the PDP, in ms of CPU time. Linux only.
//   node policies/cost.mjs [folder of policies]
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GRPC } from '@cerbos/grpc';

/** Calls of one batch. CPU time is counted in ticks of 10 ms, so a batch must last for many. */
const CALLS = 40;

/** Batches; the cheapest one is told, since others share the machine. */
const BATCHES = 5;

const MS_PER_TICK = 10;

const principal = {
  id: 'ana@example.com',
  roles: ['user'],
  attr: {
    kind: 'user',
    department: 'Engineering',
    employmentStatus: 'active',
    groups: ['Everyone', 'Platform'],
    onCall: true,
    okta: { live: true, status: 'ACTIVE' },
    context: { okta: { status: 'fresh' }, workday: { status: 'fresh' }, pagerduty: { status: 'fresh' } },
    tailscale: { device: { id: 'n1', managed: true } },
  },
};
const action = 'mcp__postgres__query';
const declared = {
  tool: { name: action, server: 'postgres', operation: 'query', anomalies: [] },
  category: 'database',
  system: 'postgres',
  operation: 'execute',
  environment: 'production',
  phase: 'declared',
  client: { name: 'claude-cli' },
};
const called = { ...declared, phase: 'executed', paramsStatus: 'ok', params: { sql: 'SELECT 1' } };

const folder = process.argv[2] ?? 'policies/pack';
const [http, grpc] = [await freePort(), await freePort()];
const binary = createRequire(import.meta.url).resolve('@cerbos/cerbos-linux-x64/cerbos-linux-x64');
const listeners = [`--set=server.httpListenAddr=127.0.0.1:${http}`, `--set=server.grpcListenAddr=127.0.0.1:${grpc}`];
const server = spawn(binary, ['server', '--config=policies/pdp.yaml', ...listeners], {
  env: { ...process.env, IRIS_POLICY_DIR: folder },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const client = new GRPC(`127.0.0.1:${grpc}`, { tls: false, channelOptions: { 'grpc.enable_http_proxy': 0 } });
try {
  await ready();
  for (const policyVersion of ['default', 'observe']) {
    const kind = 'aperture_hook';
    const check = (count) => {
      const resource = (index) => ({ kind, id: `${index}`, policyVersion, attr: called });
      const resources = Array.from({ length: count }, (_, index) => ({ resource: resource(index), actions: [action] }));
      return () => client.checkResources({ principal, resources });
    };
    const plan = () => client.planResources({ principal, resource: { kind, policyVersion, attr: declared }, action });
    await report(`${policyVersion}: check of one call`, 1, check(1));
    await report(`${policyVersion}: check of 50 calls, each`, 50, check(50));
    await report(`${policyVersion}: plan`, 1, plan);
  }
} finally {
  client.close();
  server.kill();
}

async function report(label, decisions, ask) {
  await batch(ask, 10);
  let cheapest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < BATCHES; count += 1) {
    const before = cpuMs();
    await batch(ask, CALLS);
    cheapest = Math.min(cheapest, (cpuMs() - before) / CALLS / decisions);
  }
  console.log(`${label.padEnd(36)} ${cheapest.toFixed(2)} ms`);
}

async function batch(ask, calls) {
  for (let call = 0; call < calls; call += 1) {
    await ask();
  }
}

/** User and system time of the PDP: fields 14 and 15 of /proc/<pid>/stat, see proc(5). */
function cpuMs() {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}

async function ready() {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (server.exitCode !== null) throw new Error('the PDP ended');
    const { status } = await client.checkHealth({ signal: AbortSignal.timeout(1000) }).catch(() => ({}));
    if (status === 'SERVING') return;
    await sleep(200);
  }
  throw new Error('the PDP does not serve');
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
