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
const DEVICE = fixture('device');
const NOON = Date.parse('2026-11-16T12:00:00Z');

const WHOLE: Readonly<Record<string, Json>> = {
  device: DEVICE,
  devices: { devices: [DEVICE] },
  attributes: fixture('attributes'),
};

let answers = WHOLE;
let server: ScriptedServer;
let source: ReturnType<typeof definition.create>;

beforeAll(async () => {
  server = await startScriptedServer(({ path }) => {
    const part = path.endsWith('/devices') ? 'devices' : path.endsWith('/attributes') ? 'attributes' : 'device';
    return { body: answers[part] };
  });
  const environment = {
    IRIS_TAILSCALE_URL: `${server.url}/api/v2`,
    IRIS_TAILSCALE_AUTHORIZATION: 'api_key',
    IRIS_TAILSCALE_API_KEY: 'tskey-api-secret',
  };
  source = definition.create(loadSettings(definition.settings, environment));
});
afterAll(async () => {
  await source.close?.();
  await server.close();
});

const call = () => ({ signal: AbortSignal.timeout(2000), now: NOON, notBefore: NOON });
const device = () => source.lookup({ principal: 'p', nodeId: DEVICE.nodeId }, call());
const inBulk = async (): Promise<LookupResult> => {
  for await (const { result } of source.bulk?.(call()) ?? []) return result;
  throw new Error('left out');
};

/** What Tailscale may say as well: an attribute that does not expire, and one of another value. */
const OTHER_ANSWERS = /^expiries(\.[^.]+)? (dropped|null)$|^attributes\.[^.]+ ("unheard|7|true|false)/;

describe.each<[string, () => Promise<LookupResult>, string[]]>([
  ['a device', device, ['device', 'attributes']],
  ['a device in bulk', inBulk, ['devices', 'attributes']],
])('the facts of %s', (_, read, parts) => {
  it.each(parts)('lose what is faulty in %s, and change in nothing else', async (part) => {
    const whole = await read();
    expect(whole).toMatchObject({ status: 'FOUND', attributes: { device: { managed: true } } });
    const wrong: string[] = [];
    let facts = 0;
    for (const { name, json } of fixtureFaults(WHOLE[part] as Json)) {
      if (OTHER_ANSWERS.test(name)) continue;
      answers = { ...WHOLE, [part]: json };
      const result = await read().catch(() => undefined);
      if (result === undefined) continue;
      facts += 1;
      const stricter = (fact: string, value: Json) => fact === 'device.managed' && value === false;
      wrong.push(...faultsOfLookupResult({ whole, stricter }, result).map((fault) => `${name}: ${fault}`));
    }
    answers = WHOLE;
    expect(wrong).toEqual([]);
    expect(facts).toBeGreaterThan(0);
  });
});
