import { readFileSync } from 'node:fs';
import { loadSettings } from '@iris/config';
import type { Json } from '@iris/contracts';
import type { LookupResult } from '@iris/enricher-kit';
import {
  faultsOfLookupResult,
  fixtureFaults,
  type ScriptedServer,
  startScriptedServer,
} from '@iris/enricher-kit/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const LOGIN = 'maya.okafor@acme.example';
const NOON = Date.parse('2026-11-16T12:00:00Z');
const [ROW] = fixture('report').Report_Entry;

const WHOLE = {
  active: { Report_Entry: [ROW] },
  'on leave': { Report_Entry: [{ ...ROW, Worker_Status: 'On Leave', On_Leave: '1' }] },
  'of two positions': {
    Report_Entry: [
      { ...ROW, Primary_Job: '1' },
      { ...ROW, Supervisory_Organization: 'Sales' },
    ],
  },
  list: { total: 1, data: [{ id: 'aa11', primaryWorkEmail: LOGIN, businessTitle: 'SRE' }] },
  detail: {
    id: 'aa11',
    primaryWorkEmail: LOGIN,
    businessTitle: 'SRE',
    primarySupervisoryOrganization: { id: 'o1', descriptor: 'Platform Engineering' },
    location: { id: 'l1', descriptor: 'Lisbon' },
    hireDate: '2024-02-01',
  },
} satisfies Record<string, Json>;

let answers: Record<string, Json> = WHOLE;
let report: string;
let server: ScriptedServer;
const sources: Record<string, ReturnType<typeof definition.create>> = {};

beforeAll(async () => {
  server = await startScriptedServer(({ path }) => {
    if (path.includes('customreport2')) return { body: answers[report] };
    return { body: path.endsWith('/workers') ? answers.list : answers.detail };
  });
  for (const mode of ['raas', 'rest']) {
    const environment = {
      IRIS_WORKDAY_URL: server.url,
      IRIS_WORKDAY_TENANT: 'acme',
      IRIS_WORKDAY_MODE: mode,
      IRIS_WORKDAY_USER: 'ISU_Iris',
      IRIS_WORKDAY_PASSWORD: 'secret-password',
      IRIS_WORKDAY_REPORT_OWNER: 'ISU_Iris',
      IRIS_WORKDAY_REPORT: 'Worker_By_Email',
      IRIS_WORKDAY_SNAPSHOT_REPORT: 'All_Workers',
      IRIS_WORKDAY_DIRECTORY_SECONDS: '1',
    };
    sources[mode] = definition.create(loadSettings(definition.settings, environment));
  }
});
afterAll(async () => {
  for (const source of Object.values(sources)) await source.close?.();
  await server.close();
});

/** What Workday may say as well: a worker without an address, a position that has ended. */
const OTHER_ANSWERS = /primaryWorkEmail (dropped|null)$|^Report_Entry\.[01]\.(Active false|Primary_Job|Employee_ID 7)/;

// The list of workers is kept for a second of this clock.
let now = NOON;
const call = () => ({ signal: AbortSignal.timeout(2000), now });
const found = async (mode: string) => {
  now += 2000;
  return (await sources[mode]?.lookup({ principal: LOGIN, loginName: LOGIN }, call())) as LookupResult;
};
const inBulk = async (): Promise<LookupResult> => {
  for await (const { result, subject } of sources.raas?.bulk?.(call()) ?? []) {
    if (subject.principal === LOGIN) return result;
  }
  throw new Error('left out');
};

describe.each<[string, () => Promise<LookupResult>, (keyof typeof WHOLE)[]]>([
  ['a worker', () => found('raas'), ['active', 'on leave', 'of two positions']],
  ['a worker in bulk', inBulk, ['active', 'on leave']],
  ['a worker of the staffing API', () => found('rest'), ['list', 'detail']],
])('the facts of %s', (_, read, parts) => {
  it.each(parts)('lose what is faulty in %s, and change in nothing else', async (part) => {
    report = part;
    answers = WHOLE;
    const whole = await read();
    expect(whole).toMatchObject({ status: 'FOUND' });
    const wrong: string[] = [];
    let facts = 0;
    for (const { name, json } of fixtureFaults(WHOLE[part])) {
      answers = { ...WHOLE, [part]: json };
      const result = await read().catch(() => undefined);
      if (result === undefined) continue;
      facts += 1;
      if (OTHER_ANSWERS.test(name)) continue;
      // `Active: false` and `On_Leave: true` are values of their columns, and numbers are codes.
      const stricter = (fact: string, value: Json) =>
        (fact === 'employmentStatus' && (value === 'terminated' || value === 'on_leave')) ||
        (['workerId', 'costCenter'].includes(fact) && value === '7') ||
        (fact === 'manager' && value === '100032');
      wrong.push(...faultsOfLookupResult({ whole, stricter }, result).map((fault) => `${name}: ${fault}`));
    }
    answers = WHOLE;
    expect(wrong).toEqual([]);
    expect(facts).toBeGreaterThan(0);
  });
});
