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
const USER = fixture('user');
const NOON = Date.parse('2026-11-16T12:00:00Z');

/** The answer of each table. */
const WHOLE: Readonly<Record<string, Json>> = {
  sys_user: { result: [USER] },
  sys_user_grmember: {
    result: [{ sys_id: 'm1', user: USER.sys_id, 'group.name': 'sre', 'group.active': 'true' }],
  },
  change_request: { result: [{ ...fixture('change'), sys_id: 'c1' }] },
  cmdb_ci: { result: [fixture('item')] },
  pm_project: { result: [{ sys_id: 'p1', project_manager: USER.sys_id, active: 'true', number: 'PRJ1' }] },
  pm_project_task: { result: [] },
};

let answers = WHOLE;
let server: ScriptedServer;
let source: ReturnType<typeof definition.create>;

beforeAll(async () => {
  server = await startScriptedServer(({ path }) => ({ body: answers[path.split('/').at(-1) ?? ''] }));
  source = definition.create(
    loadSettings(definition.settings, {
      IRIS_SERVICENOW_URL: server.url,
      IRIS_SERVICENOW_USER: 'iris',
      IRIS_SERVICENOW_PASSWORD: 'secret-password',
    }),
  );
});
afterAll(async () => {
  await source.close?.();
  await server.close();
});

const call = () => ({ signal: AbortSignal.timeout(5000), now: NOON });
const person = async () => source.lookup({ principal: LOGIN, loginName: LOGIN }, call());
const item = async () =>
  (await source.lookupResource?.({ kind: 'database', id: 'orders-prod' }, call())) as LookupResult;
const inBulk = async () => {
  for await (const { result, subject } of source.bulk?.(call()) ?? []) if (subject.principal === LOGIN) return result;
  throw new Error('left out');
};

const cases: [string, () => Promise<LookupResult>, string[], string[]][] = [
  ['a person', person, ['sys_user', 'sys_user_grmember', 'change_request', 'pm_project'], ['activeChanges']],
  ['a person in bulk', inBulk, ['sys_user', 'sys_user_grmember', 'change_request', 'pm_project'], ['activeChanges']],
  ['a database', item, ['cmdb_ci', 'change_request'], ['openChange']],
];

describe.each(cases)('the facts of %s', (_, read, tables, ending) => {
  it.each(tables)('lose what is faulty in %s, and change in nothing else', async (table) => {
    const whole = await read();
    expect(whole).toMatchObject({ status: 'FOUND' });
    const wrong: string[] = [];
    let facts = 0;
    for (const { name, json } of fixtureFaults(WHOLE[table] as Json)) {
      answers = { ...WHOLE, [table]: json };
      const result = await read().catch(() => undefined);
      if (result === undefined) continue;
      facts += 1;
      wrong.push(...faultsOfLookupResult({ whole, ending }, result).map((fault) => `${name}: ${fault}`));
    }
    answers = WHOLE;
    expect(wrong).toEqual([]);
    expect(facts).toBeGreaterThan(0);
  });
});
