import { credentials, Metadata } from '@grpc/grpc-js';
import { EnricherServiceClient, toEnrichRequest } from '@iris/contracts';
import { type Enricher, HOOK_KEY, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { median, type Table } from './table.js';

/** Vendors that differ enough to tell the slowest from the sum. */
const LATENCY_MS = { okta: 100, workday: 300, servicenow: 100, pagerduty: 150, tailscale: 80 };
const PEOPLE = 12;

/**
 * Cold facts: how long a hook takes about a person nobody has asked about, against the slowest of its sources alone and
 * against all of them one after another.
 */
export async function run(): Promise<Table> {
  const mesh = await startMesh({
    root: process.cwd(),
    sandbox: { latencyMs: LATENCY_MS },
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '10000' },
  });
  try {
    const { people, devices } = mesh.sandbox.admin.company;
    const asked = people.slice(0, 3 * PEOPLE).map(({ login }) => ({
      login,
      nodeId: devices.find(({ user }) => user === login)?.nodeId ?? '',
    }));
    const [warmUp, alone, hooks] = [asked.slice(0, PEOPLE), asked.slice(PEOPLE, 2 * PEOPLE), asked.slice(2 * PEOPLE)];
    for (const person of warmUp) await hook(mesh.gateways[0]?.url ?? '', person);

    const bySource: Record<string, number> = {};
    for (const enricher of mesh.enrichers) {
      const times: number[] = [];
      for (const person of alone) times.push(await lookUp(enricher, person));
      bySource[enricher.vendor] = median(times);
    }
    const cold: number[] = [];
    for (const person of hooks) cold.push(await hook(mesh.gateways[0]?.url ?? '', person));

    const slowest = Math.max(...Object.values(bySource));
    const sum = Object.values(bySource).reduce((total, ms) => total + ms, 0);
    const hookMs = median(cold);
    return {
      title: 'Cold fan-out: median ms, and the hook as a multiple',
      columns: ['what', 'ms', 'hook / this'],
      rows: [
        ...Object.entries(bySource).map(([vendor, ms]) => [`${vendor} alone`, ms.toFixed(0), (hookMs / ms).toFixed(2)]),
        ['slowest source', slowest.toFixed(0), (hookMs / slowest).toFixed(2)],
        ['all, one after another', sum.toFixed(0), (hookMs / sum).toFixed(2)],
        ['the hook', hookMs.toFixed(0), '1.00'],
      ],
    };
  } finally {
    await mesh.close();
  }
}

interface Person {
  readonly login: string;
  readonly nodeId: string;
}

async function lookUp(enricher: Enricher, { login, nodeId }: Person): Promise<number> {
  const client = new EnricherServiceClient(enricher.address, credentials.createInsecure());
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    client.enrich(toEnrichRequest({ principal: login, loginName: login, nodeId }), new Metadata(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  client.close();
  return performance.now() - start;
}

async function hook(url: string, { login, nodeId }: Person): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${url}/ext/aperture/tool_call_entire_request`, {
    method: 'POST',
    headers: { authorization: `Bearer ${HOOK_KEY}` },
    body: JSON.stringify({
      metadata: { login_name: login, stable_node_id: nodeId, user_agent: 'claude-cli/2.1' },
      tool_calls: [{ name: 'Read', params: { file_path: '/x' } }],
    }),
  });
  await response.arrayBuffer();
  return performance.now() - start;
}
