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

const WHOLE: Readonly<Record<string, Json>> = {
  users: { users: [{ id: 'PMAYA01', email: LOGIN }], more: false, total: 1 },
  oncalls: { ...fixture('oncalls'), total: 2 },
  incidents: {
    incidents: [
      {
        id: 'PINC001',
        incident_number: 7,
        status: 'triggered',
        urgency: 'high',
        service: { id: 'PSVC001', summary: 'orders-db' },
        assignments: [{ assignee: { id: 'PMAYA01' } }],
      },
    ],
    more: false,
    total: 1,
  },
};

let answers = WHOLE;
let server: ScriptedServer;
let source: ReturnType<typeof definition.create>;

beforeAll(async () => {
  server = await startScriptedServer(({ path }) => ({ body: answers[path.slice(1)] }));
  const environment = { IRIS_PAGERDUTY_URL: server.url, IRIS_PAGERDUTY_TOKEN: 'secret-key' };
  source = definition.create(loadSettings(definition.settings, environment));
});
afterAll(async () => {
  await source.close?.();
  await server.close();
});

const call = () => ({ signal: AbortSignal.timeout(2000), now: NOON });
const person = () => source.lookup({ principal: LOGIN, loginName: LOGIN }, call());
const inBulk = async (): Promise<LookupResult> => {
  for await (const { result, subject } of source.bulk?.(call()) ?? []) if (subject.principal === LOGIN) return result;
  throw new Error('left out');
};

/** An entry that names nobody (`user: null`, `assignee: null`) is none of hers: then the vendor itself has less. */
const SAYS_NONE = /\.(user|assignee) null$/;

describe.each([
  ['a person', person],
  ['a person in bulk', inBulk],
])('the facts of %s', (_, read) => {
  it.each(['users', 'oncalls', 'incidents'])('lose what is faulty in %s, and change in nothing else', async (part) => {
    const whole = await read();
    if (whole.status !== 'FOUND') throw new Error('not found');
    expect(whole.attributes).toMatchObject({ onCall: true, primary: true });
    const wrong: string[] = [];
    let facts = 0;
    for (const { name, json } of fixtureFaults(WHOLE[part] as Json)) {
      if (SAYS_NONE.test(name)) continue;
      answers = { ...WHOLE, [part]: json };
      const result = await read().catch(() => undefined);
      if (result === undefined) continue;
      facts += 1;
      // Of several entries one may be lost: she is on call by the others.
      const stricter = (fact: string, value: Json) => {
        const before = whole.attributes[fact];
        if (!Array.isArray(value) || !Array.isArray(before) || value.length === 0) return fact === 'onCallUntil';
        return value.every((item) => before.some((other) => JSON.stringify(other) === JSON.stringify(item)));
      };
      wrong.push(...faultsOfLookupResult({ whole, stricter }, result).map((fault) => `${name}: ${fault}`));
    }
    answers = WHOLE;
    expect(wrong).toEqual([]);
    expect(facts).toBeGreaterThan(0);
  });
});
