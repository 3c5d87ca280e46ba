import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import type { JsonObject } from '@iris/contracts';
import { type EvidenceRecord, readEvidence } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type HttpEndpoint, startHttpEndpoint } from '../../apps/auditor/test/http-endpoint.js';
import { type Child, startChild } from '../../apps/sandbox/src/mesh/child.js';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { type OtlpCollector, startOtlpCollector } from '../../apps/sandbox/src/telemetry/otlp-collector.js';
import { fateOf, postHook, preRequest } from '../e2e/hook-client.js';

const ROOT = process.cwd();
const LOGIN = 'ben@lumen.example';
const CASES = join(ROOT, 'test/cases/masking');

interface Case {
  readonly name: string;
  readonly params: JsonObject;
  readonly gone?: readonly string[];
}

const cases = readdirSync(CASES).flatMap((file) => parse(readFileSync(join(CASES, file), 'utf8')) as Case[]);
/** Short ones would be found in anything. */
const secrets = cases.flatMap(({ gone }) => gone ?? []).filter((secret) => secret.length >= 8);

let folder: string;
let mesh: Mesh;
let auditor: Child;
let endpoint: HttpEndpoint;
let collector: OtlpCollector;
const lines: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-masking-'));
  endpoint = await startHttpEndpoint();
  collector = await startOtlpCollector();
  const telemetry = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    IRIS_LOG_LEVEL: 'trace',
  };
  const onLine = (process: string, line: string) => {
    if (process.startsWith('gateway')) lines.push(line);
  };
  mesh = await startMesh({
    root: ROOT,
    gateways: 2,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: (index) => ({
      ...telemetry,
      IRIS_HOOK_BUDGET_MS: '10000',
      ...(index === 1 ? { IRIS_EVIDENCE_MAX_BYTES: '65536', IRIS_EVIDENCE_ON_FULL: 'block' } : {}),
    }),
    onLine,
  });
  const args = [
    '--import',
    join(ROOT, 'dist/libs/telemetry/src/register.js'),
    join(ROOT, 'dist/apps/auditor/src/main.js'),
  ];
  let listening = false;
  auditor = await startChild({
    name: 'auditor',
    command: process.execPath,
    args,
    env: {
      ...telemetry,
      IRIS_REDIS_URL: mesh.redis?.url ?? '',
      IRIS_HTTP_PORT: '0',
      IRIS_FILE_SINK_DIRECTORY: join(folder, 'out'),
      IRIS_HTTP_SINK_URL: endpoint.url,
      IRIS_OTLP_SINK_URL: `${collector.url}/v1/logs`,
    },
    ready: async () => listening,
    onLine: (line) => {
      lines.push(line);
      listening ||= line.includes('auditor listening');
    },
  });
});

afterAll(async () => {
  await auditor?.stop();
  await mesh?.close();
  await endpoint?.close();
  await collector?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function delivered(): Promise<EvidenceRecord[]> {
  const records: EvidenceRecord[] = [];
  for await (const record of readEvidence(join(folder, 'out'))) records.push(record);
  return records;
}

function filesBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

describe('secrets in parameters', () => {
  it('reach no spool, sink, log or span', async () => {
    const hooks = cases.map(({ params }) => preRequest({ login: LOGIN, tool: 'Bash', input: params }));
    for (const hook of hooks) expect((await postHook(mesh.gateways[0], hook)).status).toBe(200);
    // Also where a hook cannot be read, and its text might be quoted in an error.
    for (const hook of hooks) await postHook(mesh.gateways[0], JSON.stringify(hook).slice(0, -1));

    await eventually(async () => {
      const params = (await delivered()).filter(({ resource }) => resource?.attr.params !== undefined);
      expect(params.length).toBeGreaterThanOrEqual(cases.length);
    });
    await eventually(async () => {
      const names = new Set(collector.spans.map(({ service, name }) => `${service} ${name}`));
      expect(names.size).toBeGreaterThan(3);
    });
    const places = {
      spool: filesBelow(mesh.gateways[0]?.evidenceDirectory ?? ''),
      file: filesBelow(join(folder, 'out')),
      http: endpoint.received.flatMap((request) => request.lines).join('\n'),
      telemetry: collector.received(),
      logs: lines.join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      expect({ place, found: secrets.filter((secret) => text.includes(secret)) }).toEqual({ place, found: [] });
      if (place !== 'spool') expect({ place, bytes: text.length > 100 }).toEqual({ place, bytes: true });
    }
  });

  it('leave records that can be joined with the audit entries of the PDP', async () => {
    const [record] = (await delivered()).filter(({ action }) => action === 'Bash');
    expect(record?.requestKey).toBe(record?.requestId);
    expect(record?.policy.cerbosCallId).toMatch(/^[0-9A-Z]{26}$/);
    expect(record?.replay).toMatchObject({ policyVersion: 'default', scope: '' });
  });
});

describe('a spool that is full and is to block', () => {
  it('lets no decision leave unrecorded', async () => {
    await auditor.stop();
    const fates: string[] = [];
    let blockedBy = '';
    for (let number = 0; number < 200 && blockedBy === ''; number += 1) {
      const reply = await postHook(
        mesh.gateways[1],
        preRequest({ login: LOGIN, tool: 'Bash', input: { command: `ls ${'a '.repeat(900)}` } }),
      );
      if (String(reply.body.message).includes('evidence_unavailable')) blockedBy = String(reply.body.message);
      else fates.push(fateOf(reply));
    }
    expect(blockedBy).toContain('cannot be recorded');
    const spooled = filesBelow(mesh.gateways[1]?.evidenceDirectory ?? '')
      .split('\n')
      .filter((line) => line.includes('"executed"'));
    expect(spooled.length).toBe(fates.length);
    expect(fates.length).toBeGreaterThan(5);
  });
});
