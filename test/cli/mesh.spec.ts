import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hookOf, SAMPLES } from '../../apps/sandbox/src/demo/sample-hooks.js';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, evidenceOf, PRODUCTION, postHook } from '../e2e/hook-client.js';
import { editedPack } from './candidate-pack.js';
import { findingsOf, runIris } from './run-iris.js';

const ANA = 'ana@lumen.example';
const BEN = 'ben@lumen.example';
const SQL = 'mcp__postgres__execute_sql';

let folder: string;
let mesh: Mesh;
let records: EvidenceRecord[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-cli-'));
  mesh = await startMesh({
    root: process.cwd(),
    gateways: 2,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: (index) => ({
      IRIS_HOOK_BUDGET_MS: '20000',
      ...(index === 0 ? { IRIS_EXPLAIN_KEY_NAMES: 'sandbox' } : { IRIS_REDIS_URL: 'redis://127.0.0.1:1' }),
    }),
    pdpEnv: { IRIS_PDP_AUDIT: 'true', IRIS_PDP_AUDIT_PATH: join(folder, 'audit.jsonl') },
  });
  for (const [index, sample] of SAMPLES.entries()) {
    await postHook(mesh.gateways[0], hookOf(sample, mesh.sandbox.admin.company, `cli_${index}`));
  }
  records = await evidenceOf(mesh.gateways[0]);
});

afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

function gateway(index = 0): string[] {
  return ['--gateway', mesh.gateways[index]?.url ?? '', '--hook-key', HOOK_KEY];
}

function redis(): string[] {
  return ['--redis', mesh.redis?.url ?? ''];
}

function spool(): string {
  return mesh.gateways[0]?.evidenceDirectory ?? '';
}

function everything(...more: string[]): string[] {
  const addresses = Object.fromEntries(mesh.enrichers.map(({ vendor, address }) => [vendor, address]));
  return [
    ...redis(),
    ...gateway(),
    ...['--pdp', mesh.pdp.target, '--pdp-http', mesh.pdp.httpUrl],
    ...['--addresses', JSON.stringify(addresses), '--login', ANA, '--node', deviceOf(mesh, ANA)],
    ...more,
  ];
}

interface Explained {
  readonly principal: { readonly attr: Record<string, unknown> };
  readonly attributeOrigins: Record<string, { source: string; ageSeconds?: number }>;
  readonly sources: Record<string, { status: string; origin: string }>;
  readonly calls: { effect: string; rules: string[]; message?: string; attr: Record<string, unknown> }[];
}

describe('check', () => {
  it('reports what would be decided, by which rule, and from which facts of which age; and records nothing', async () => {
    const before = (await evidenceOf(mesh.gateways[0])).length;
    const ask = (login: string) =>
      runIris([
        'check',
        ...gateway(),
        '--login',
        login,
        '--tool',
        SQL,
        '--params',
        JSON.stringify(PRODUCTION),
        '--json',
      ]);
    const ana = await ask(ANA);
    const ben = await ask(BEN);
    expect([ana.code, ben.code]).toEqual([0, 1]);
    const allowed = ana.json<Explained>();
    expect(allowed.calls).toMatchObject([{ effect: 'ALLOW', attr: { environment: 'production' } }]);
    expect(allowed.calls[0]?.rules).toEqual([expect.stringContaining('#production-systems')]);
    expect(allowed.attributeOrigins.department).toMatchObject({ source: 'workday', ageSeconds: expect.any(Number) });
    expect(allowed.sources.pagerduty).toMatchObject({ status: 'fresh' });
    expect(ben.json<Explained>().calls[0]?.message).toContain('on-call');
    expect((await evidenceOf(mesh.gateways[0])).length).toBe(before);
  });

  it('takes a hook file, and prints it for people', async () => {
    const file = join(folder, 'hook.json');
    const [sample] = SAMPLES;
    if (sample === undefined) throw new Error('there are samples');
    await writeFile(file, JSON.stringify(hookOf(sample, mesh.sandbox.admin.company, 'file')));
    const run = await runIris(['check', file, ...gateway()]);
    expect(run).toMatchObject({ code: 0, out: expect.stringContaining('ALLOW Read') });
    expect(run.out).toMatch(/department .* workday/);
  });

  it.each([
    ['a wrong key', () => ['--gateway', mesh.gateways[0]?.url ?? '', '--hook-key', 'wrong-wrong'], 'hook key is wrong'],
    ['a key that may not ask', () => gateway(1), 'explain.keyNames'],
    ['no gateway there', () => ['--gateway', 'http://127.0.0.1:1', '--hook-key', HOOK_KEY], 'cannot be reached'],
  ])('states what to change with %s', async (_title, options, said) => {
    const run = await runIris(['check', '--login', ANA, '--tool', 'Read', ...options()]);
    expect(run).toMatchObject({ code: 2, err: expect.stringContaining(said) });
  });
});

describe('evidence of the run', () => {
  it('replayed against its own policies changes nothing', async () => {
    const run = await runIris(['replay', '--json', spool(), '--policies', 'policies/pack']);
    expect(run.json()).toMatchObject({ replayed: records.length, changed: 0, masked: 0, withoutPolicy: 0 });
    // Connection strings are masked, and the pack reads what the catalog made of them instead.
    expect(records.filter(({ replay }) => replay?.masked).length).toBeGreaterThan(0);
    expect(records.length).toBeGreaterThanOrEqual(SAMPLES.length);
    expect(run.code).toBe(0);
  });

  it('replayed against one edited rule lists exactly the decisions that the edit touches', async () => {
    const edited = await editedPack(join(folder, 'edited'), 'crm-read');
    const touched = records.filter(
      ({ effect, policy }) => effect === 'ALLOW' && policy.rules.some((rule) => rule.endsWith('#crm-read')),
    );
    expect(touched.length).toBeGreaterThan(0);
    const run = await runIris(['replay', '--json', spool(), '--policies', edited]);
    const { changes, byPrincipal } = run.json<{
      changes: { id: string; to: string }[];
      byPrincipal: { name: string }[];
    }>();
    expect(changes.map(({ id }) => id)).toEqual(touched.map(({ id }) => id));
    expect(changes.every(({ to }) => to === 'DENY')).toBe(true);
    expect(byPrincipal.map(({ name }) => name)).toEqual([...new Set(touched.map(({ principal }) => principal.id))]);
    expect(run.code).toBe(1);
  });

  it("joins a record with the PDP's own audit entry", async () => {
    const record = records.find(({ policy }) => policy.cerbosCallId !== undefined);
    const audit = join(folder, 'audit.jsonl');
    const run = await runIris(['evidence', 'show', record?.id ?? '', spool(), '--audit', audit, '--json']);
    expect(run.json()).toMatchObject({
      record: { id: record?.id },
      audit: {
        callId: record?.policy.cerbosCallId,
        checkResources: { inputs: [{ principal: { id: record?.principal.id } }] },
      },
    });
    const text = await runIris(['evidence', 'show', record?.id ?? '', spool()]);
    expect(text.out).toContain(record?.policy.cerbosCallId ?? 'no call');
    await expect(runIris(['evidence', 'show', 'nobody', spool()])).resolves.toMatchObject({ code: 1 });
  });

  it('is reported with what enforcement stopped, and holds no tool that the catalog lacks', async () => {
    const report = (await runIris(['report', '--json', spool()])).json<{
      calls: number;
      totals: { blocked: number };
    }>();
    expect(report.calls).toBe(new Set(records.map(({ decisionKey }) => decisionKey)).size);
    expect(report.totals.blocked).toBe(records.filter(({ effect }) => effect === 'DENY').length);
    await expect(runIris(['catalog', 'unmatched', spool()])).resolves.toMatchObject({ code: 0 });

    const catalog = join(folder, 'catalog.yaml');
    const text = await readFile('policies/catalog.yaml', 'utf8');
    await writeFile(catalog, text.replaceAll('hubspot', 'another'));
    const unmatched = await runIris(['catalog', 'unmatched', '--json', '--catalog', catalog, spool()]);
    expect(unmatched.code).toBe(1);
    expect(unmatched.json<{ tools: { tool: string }[] }>().tools.map(({ tool }) => tool)).toEqual([
      'mcp__hubspot__hubspot-search-objects',
    ]);
  });

  it('has no dead letters', async () => {
    await expect(runIris(['evidence', 'dead-letters', 'list', ...redis()])).resolves.toMatchObject({ code: 0 });
    const redriven = await runIris(['evidence', 'dead-letters', 'redrive', '--json', ...redis()]);
    expect(redriven.json()).toEqual({ redriven: 0 });
  });
});

describe('context', () => {
  interface Kept {
    readonly entries: { field: string; state: string; ageSeconds: number; attributes: Record<string, unknown> }[];
  }
  const show = async () => (await runIris(['context', 'show', ANA, '--json', ...redis()])).json<Kept>().entries;

  it('shows what is kept, has it read again, and drops it', async () => {
    const kept = await show();
    const fields = kept.map(({ field }) => field.split('/')[0]).sort();
    expect(fields).toEqual(['okta', 'pagerduty', 'servicenow', 'tailscale', 'workday']);
    expect(kept.find(({ field }) => field === 'workday')?.attributes.department).toBe('Engineering');

    mesh.sandbox.admin.clearCalls();
    const askedAt = Date.now();
    const refreshed = await runIris(['context', 'refresh', ANA, '--json', ...redis()]);
    expect(refreshed.code).toBe(0);
    await eventually(async () => expect(mesh.sandbox.admin.calls('workday').total).toBeGreaterThan(0));
    // A refresh that is not done would bring back what is dropped.
    await eventually(async () => {
      const pagerduty = (await show()).find(({ field }) => field.startsWith('pagerduty'));
      expect((pagerduty?.ageSeconds ?? Number.POSITIVE_INFINITY) * 1000).toBeLessThanOrEqual(Date.now() - askedAt);
    });

    await expect(runIris(['context', 'drop', ANA, ...redis()])).resolves.toMatchObject({ code: 0 });
    await expect(runIris(['context', 'show', 'nobody@lumen.example', ...redis()])).resolves.toMatchObject({ code: 1 });
    const left = await show();
    expect(left.filter(({ field }) => field === 'pagerduty')).toEqual([]);
  });
});

describe('doctor', () => {
  it('finds nothing in a mesh that is well', async () => {
    await expect(findingsOf(everything())).resolves.toEqual([]);
    const text = await runIris(['doctor', ...everything()]);
    expect(text.out).not.toContain('✗');
    expect(text.out).toContain('1 check not done');
    expect(text.out).toContain('version 0.5');
  });

  it('names a hook key that the gateway does not know', async () => {
    const findings = await findingsOf([
      '--no-enrichers',
      '--gateway',
      mesh.gateways[0]?.url ?? '',
      '--hook-key',
      'not-it-at-all',
    ]);
    expect(findings.map(({ id }) => id)).toEqual(['hook_key_wrong']);
  });

  it('accepts a key that is right and may not ask what-if questions', async () => {
    const findings = await findingsOf(['--no-enrichers', ...gateway(1)]);
    expect(findings.map(({ id }) => id)).toEqual(['gateway_without_redis']);
  });

  it('names the source whose credentials are refused, one that fails, and a login that nobody knows', async () => {
    await mesh.sandbox.admin.setFaults('pagerduty', { mode: 'answer', status: 401, body: '{}' });
    await mesh.sandbox.admin.setFaults('servicenow', { mode: 'error' });
    try {
      const findings = await findingsOf(everything('--login', 'xena.unknown@lumen.example'));
      const found = new Map(findings.map(({ id, subject }) => [subject, id]));
      expect(found.get('pagerduty')).toBe('source_unauthorized');
      expect(found.get('servicenow')).toBe('source_failing');
      expect(found.get('okta')).toBe('login_unknown');
      // Also where facts are cached, and without a login.
      const unnamed = await findingsOf(everything());
      expect(unnamed.map(({ id, subject }) => [subject, id])).toContainEqual(['pagerduty', 'source_unauthorized']);
    } finally {
      await mesh.sandbox.admin.setFaults('pagerduty');
      await mesh.sandbox.admin.setFaults('servicenow');
    }
  });

  it('names policies that are not there', async () => {
    const findings = await findingsOf(['--no-enrichers', '--pdp', mesh.pdp.target, '--policy-version', 'candidate']);
    expect(findings).toMatchObject([{ id: 'pdp_policy_missing', detail: expect.stringContaining('candidate') }]);
  });

  it('names a gateway that is not ready, and what it reports', async () => {
    await mesh.pdp.process.stop();
    const options = ['--no-enrichers', ...gateway()];
    await eventually(async () => {
      const findings = await findingsOf(options);
      expect(new Set(findings.map(({ id }) => id))).toEqual(new Set(['gateway_unready']));
    });
    await mesh.restartPdp();
  });
});
