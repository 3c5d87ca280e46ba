import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { ask, evidenceOf } from './hook-client.js';

const ACTIVE = 'ana@lumen.example';
const IDLE = 'ben@lumen.example';
const READ = { tool: 'Read', input: { file_path: '/x' } };
const FRESH_SECONDS = 12;

let folder: string;
let mesh: Mesh;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-refresh-'));
  const registry = parse(await readFile('deploy/helm/iris/files/sources.yaml', 'utf8'));
  for (const source of Object.values<Record<string, unknown>>(registry.sources)) {
    Object.assign(source, { freshSeconds: FRESH_SECONDS, staleSeconds: 60 });
  }
  const file = join(folder, 'sources.yaml');
  await writeFile(file, stringify(registry));
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0', IRIS_SOURCES_FILE: file },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
});

afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('facts of a person who is active', () => {
  it('are read again before they end, so that no decision meets a stale one or waits; of others they are not', async () => {
    const { admin } = mesh.sandbox;
    await ask(mesh, { login: IDLE, ...READ });
    await ask(mesh, { login: ACTIVE, ...READ });
    admin.clearCalls();
    const until = Date.now() + 2.2 * FRESH_SECONDS * 1000;
    while (Date.now() < until) {
      await ask(mesh, { login: ACTIVE, ...READ });
      await sleep(200);
    }

    const records = (await evidenceOf(mesh.gateways[0])).filter(({ principal }) => principal.id === ACTIVE).slice(1);
    expect(records.length).toBeGreaterThan(20);
    const met = records.flatMap(({ principal }) => {
      const { context } = principal.attr as unknown as { context: Record<string, { status: string }> };
      return ['okta', 'workday', 'servicenow', 'pagerduty'].map((source) => `${source} ${context[source]?.status}`);
    });
    expect([...new Set(met)].sort()).toEqual(['okta fresh', 'pagerduty fresh', 'servicenow fresh', 'workday fresh']);

    const asked = VENDOR_NAMES.filter((vendor) => Object.keys(admin.calls(vendor).byRoute).length > 0);
    expect(asked).toEqual(expect.arrayContaining(['okta', 'workday', 'servicenow', 'pagerduty']));
    expect(JSON.stringify(VENDOR_NAMES.map((vendor) => admin.calls(vendor)))).not.toContain(IDLE);
  });
});
