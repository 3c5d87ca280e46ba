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
const USER = fixture('user');
const LOGIN = USER.profile.login;
const GROUP = { id: '00g2sre', type: 'OKTA_GROUP', profile: { name: 'sre' } };

/** The answers of one user, also while a change to another live status runs. */
const WHOLE: Readonly<Record<string, Json>> = {
  user: { ...USER, transitioningToStatus: 'ACTIVE' },
  groups: fixture('groups'),
  users: [USER],
  allGroups: [GROUP],
  members: [USER],
};

let answers = WHOLE;
let server: ScriptedServer;
let source: ReturnType<typeof definition.create>;

beforeAll(async () => {
  server = await startScriptedServer(({ path, query }) => {
    if (query.has('filter')) return { body: [] };
    if (path === '/api/v1/users') return { body: answers.users };
    if (path === '/api/v1/groups') return { body: answers.allGroups };
    if (path === `/api/v1/groups/${GROUP.id}/users`) return { body: answers.members };
    return { body: path.endsWith('/groups') ? answers.groups : answers.user };
  });
  const environment = { IRIS_OKTA_URL: server.url, IRIS_OKTA_TOKEN: 'secret-token' };
  source = definition.create(loadSettings(definition.settings, environment));
});
afterAll(async () => {
  await server.close();
});

const call = () => ({ signal: AbortSignal.timeout(5000), now: Date.now() });
const person = () => source.lookup({ principal: LOGIN, loginName: LOGIN }, call());
const inBulk = async (): Promise<LookupResult> => {
  for await (const { result, subject } of source.bulk?.(call()) ?? []) if (subject.principal === LOGIN) return result;
  throw new Error('left out');
};

describe.each<[string, () => Promise<LookupResult>, string[]]>([
  ['a user', person, ['user', 'groups']],
  ['a user in bulk', inBulk, ['users', 'allGroups', 'members']],
])('the facts of %s', (_, read, parts) => {
  it.each(parts)('lose what is faulty in %s, and change in nothing else', async (part) => {
    const whole = await read();
    expect(whole).toMatchObject({ status: 'FOUND', attributes: { live: true } });
    const wrong: string[] = [];
    let facts = 0;
    for (const { name, json } of fixtureFaults(WHOLE[part] as Json)) {
      answers = { ...WHOLE, [part]: json };
      const result = await read().catch(() => undefined);
      if (result === undefined) continue;
      facts += 1;
      const stricter = (fact: string, value: Json) =>
        (fact === 'live' && value === false) ||
        (fact === 'status' && result.status === 'FOUND' && result.attributes.live === false) ||
        (fact === 'groups' && result.status === 'FOUND' && result.attributes.live === false);
      wrong.push(...faultsOfLookupResult({ whole, stricter }, result).map((fault) => `${name}: ${fault}`));
    }
    answers = WHOLE;
    expect(wrong).toEqual([]);
    expect(facts).toBeGreaterThan(0);
  });
});
