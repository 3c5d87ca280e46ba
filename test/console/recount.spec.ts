import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import { openDecisionLog } from '@iris/decision-log';
import { type PostgresServer, startPostgres } from '@iris/decision-log/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hookOf, SAMPLES } from '../../apps/sandbox/src/demo/sample-hooks.js';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { runIris } from '../cli/run-iris.js';
import { postHook } from '../e2e/hook-client.js';

const PEOPLE = ['ana@lumen.example', 'ben@lumen.example', 'cara@lumen.example'];
const CALLS = [
  { name: 'Read', params: { file_path: '/tmp/x' } },
  { name: 'mcp__postgres__query', params: { sql: 'select 1', database: 'orders-prod' } },
  { name: 'mcp__nobody__knows', params: {} },
];

interface Entry {
  readonly field: string;
  readonly attributes: unknown;
  readonly freshUntil: string;
}

let postgres: PostgresServer;
let mesh: Mesh;
let sent = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  const log = openDecisionLog(postgres.url);
  await log.migrate();
  await log.close();
  mesh = await startMesh({
    root: process.cwd(),
    console: { decisionLogUrl: postgres.url },
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
});

afterAll(async () => {
  await mesh?.close();
  await postgres?.close();
});

/** Sends hooks with calls that differ, so that each is decided. */
async function sendHooks(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    sent += 1;
    const login = PEOPLE[sent % PEOPLE.length];
    const calls = CALLS.map(({ name, params }) => ({ name, params: { ...params, nth: sent } }));
    const response = await fetch(`${mesh.gateways[0]?.url}/ext/aperture/tool_call_entire_request`, {
      method: 'POST',
      headers: { authorization: `Bearer ${HOOK_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        metadata: { login_name: login, user_agent: 'claude-cli/2.1', session_id: `recount-${sent % 5}` },
        tool_calls: calls,
      }),
    });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
}

/** Counts of the evidence files, by nothing but their lines: each id once. */
function recount(): Record<string, number> {
  const counts: Record<string, number> = {};
  const seen = new Set<string>();
  for (const line of evidenceLines()) {
    const { schema, id, effect, enforced, mode } = JSON.parse(line);
    // The files hold checkpoints of the chain too, which are no decisions.
    if (schema !== 'iris.evidence.v1' || seen.has(id)) continue;
    seen.add(id);
    const force = mode === 'shadow' ? 'shadow' : enforced ? 'enforced' : 'observed';
    const key = `${force}${effect === 'ALLOW' ? 'Allow' : 'Deny'}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function evidenceLines(): string[] {
  const folder = mesh.console?.evidenceDirectory ?? '';
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.includes('.jsonl'))
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{'));
}

// biome-ignore lint/suspicious/noExplicitAny: a spec looks at single fields.
async function get(path: string): Promise<any> {
  return (await fetch(`${mesh.console?.url}${path}`)).json();
}

async function shown(): Promise<Record<string, number>> {
  const { total } = await get('/api/decisions/counts');
  return Object.fromEntries(Object.entries(total as Record<string, number>).filter(([, count]) => count > 0));
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0);

/** Waits until the files have at least so many decisions and the console shows the same, apart by force and effect. */
async function untilEqual(decisions: number): Promise<void> {
  await eventually(async () => {
    const files = recount();
    expect(sum(files)).toBeGreaterThanOrEqual(decisions);
    expect(await shown()).toEqual(files);
  });
}

describe('counts of the console', () => {
  it('equal a recount of the evidence files', async () => {
    await sendHooks(40);
    for (const [index, sample] of SAMPLES.entries()) {
      await postHook(mesh.gateways[0], hookOf(sample, mesh.sandbox.admin.company, `recount_${index}`));
    }
    await untilEqual(40 * CALLS.length + SAMPLES.length);
    expect(Object.keys(await shown()).sort()).toEqual([
      'enforcedAllow',
      'enforcedDeny',
      'observedAllow',
      'observedDeny',
    ]);
  });

  it('equal it again after PostgreSQL was killed and restarted under load', async () => {
    await postgres.kill();
    await sendHooks(20);
    const response = await fetch(`${mesh.console?.url}/api/decisions`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ reason: 'log_unavailable' });
    expect((await fetch(`${mesh.console?.url}/healthz`)).status).toBe(200);
    await postgres.start();
    await sendHooks(10);
    await untilEqual(70 * CALLS.length + SAMPLES.length);
    expect((await fetch(`${mesh.console?.url}/readyz`)).status).toBe(200);
  });
});

describe('views of the console', () => {
  it('show of a person what iris context show prints', async () => {
    const [person = ''] = PEOPLE;
    const { context } = await get(`/api/people/${person}`);
    const run = await runIris(['context', 'show', person, '--json', '--redis', mesh.redis?.url ?? '']);
    const { entries: printed } = run.json<{ entries: Entry[] }>();
    const essence = (entries: readonly Entry[]) =>
      entries.map(({ field, attributes, freshUntil }) => ({ field, attributes, freshUntil }));
    expect(essence(context.entries)).toEqual(essence(printed));
    expect(context.entries.length).toBeGreaterThan(0);
  });

  it('compare policies as iris replay does', async () => {
    const { csrfToken } = await get('/api/me');
    const response = await fetch(`${mesh.console?.url}/api/policies/differences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-iris-csrf': csrfToken },
      body: JSON.stringify({ policyVersion: 'observe' }),
    });
    let difference = (await response.json()) as {
      id: string;
      state: string;
      replayed: number;
      changed: number;
      byTool: unknown;
      byPerson: unknown;
    };
    while (difference.state === 'running') difference = await get(`/api/policies/differences/${difference.id}`);
    const candidate = ['--policies', 'policies/pack', '--policy-version', 'observe'];
    const run = await runIris(['replay', mesh.console?.evidenceDirectory ?? '', ...candidate, '--json']);
    const replayed = run.json();
    expect(difference.changed).toBeGreaterThan(0);
    expect([difference.replayed, difference.changed]).toEqual([replayed.replayed, replayed.changed]);
    expect(difference.byTool).toEqual(replayed.byTool);
    expect(difference.byPerson).toEqual(replayed.byPrincipal);
  });

  it('are those of iris decisions', async () => {
    const console = ['--console', mesh.console?.url ?? ''];
    const filter = ['--tool', 'mcp__nobody__knows', '--limit', '5'];
    const run = await runIris(['decisions', 'list', ...console, ...filter, '--json']);
    const { decisions } = run.json<{ decisions: { id: string }[] }>();
    expect(decisions).toHaveLength(5);
    const { out } = await runIris(['decisions', 'show', decisions[0]?.id ?? '', ...console]);
    expect(out).toMatch(/would be denied: This tool is not in the tool catalog/);
  });
});
