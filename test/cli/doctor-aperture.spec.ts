import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apertureConfigSchema } from '../../apps/sandbox/src/aperture/aperture-config.js';
import { findingsOf } from './run-iris.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-doctor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HOOK = {
  url: 'http://iris.example.ts.net/ext/aperture',
  apikey: 'a-hook-key',
  timeout: '5s',
  fail_policy: 'fail_closed',
};
const SEND = { name: 'iris', events: ['pre_request'], send: ['request_body'] };

function grant(sendHook: object = SEND, more: object = {}): object {
  return { src: ['*'], app: { 'tailscale.com/cap/aperture': [{ models: '**', send_hooks: [sendHook] }] }, ...more };
}

function config(hook: object = HOOK, grants: readonly object[] = [grant()]): object {
  return { providers: { anthropic: { models: ['**'] } }, hooks: { iris: hook }, grants };
}

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function idsOf(content: unknown, ...more: string[]): Promise<string[]> {
  const path = await write('aperture.json', content);
  const findings = await findingsOf(['--no-enrichers', '--aperture', path, ...more]);
  for (const { fix } of findings) expect(fix.length).toBeGreaterThan(20);
  return findings.map(({ id }) => id);
}

describe('doctor reads how Aperture is wired', () => {
  it('finds nothing in a configuration that Aperture accepts and that enforces', async () => {
    expect(apertureConfigSchema.safeParse(config()).success).toBe(true);
    await expect(idsOf(config())).resolves.toEqual([]);
  });

  it('accepts comments and trailing commas', async () => {
    const text = JSON.stringify(config()).replace('{', '{ // as pasted\n').replace(/}$/, ',}');
    await expect(idsOf(text)).resolves.toEqual([]);
  });

  it.each<[id: string, content: unknown]>([
    ['aperture_unreadable', 'hooks: yaml'],
    ['aperture_hook_disabled', config({ ...HOOK, disabled: true })],
    ['aperture_apikey_missing', config({ ...HOOK, apikey: '' })],
    ['aperture_authorization_unknown', config({ ...HOOK, authorization: 'basic' })],
    ['aperture_fail_open', config({ ...HOOK, fail_policy: 'fail_open' })],
    ['aperture_fail_open', config({ ...HOOK, fail_policy: undefined })],
    ['aperture_timeout_short', config({ ...HOOK, timeout: '1.5s' })],
    ['aperture_timeout_short', config({ ...HOOK, timeout: 'soon' })],
    ['aperture_not_wired', config(HOOK, [])],
    ['aperture_event_late', config(HOOK, [grant({ ...SEND, events: ['entire_request'] })])],
    ['aperture_event_unknown', config(HOOK, [grant({ ...SEND, events: ['pre_request', 'post_request'] })])],
    ['aperture_request_body_missing', config(HOOK, [grant({ ...SEND, send: ['tools'] })])],
    ['aperture_send_useless', config(HOOK, [grant({ ...SEND, send: ['request_body', 'tool_calls'] })])],
    ['aperture_dst_forbidden', config(HOOK, [grant(SEND, { dst: ['*'] })])],
    ['aperture_hook_undefined', config(HOOK, [grant(), grant({ ...SEND, name: 'irsi' })])],
  ])('names %s, and nothing else', async (id, content) => {
    await expect(idsOf(content)).resolves.toEqual([id]);
  });

  it('names a hook that is missing, whatever else is defined', async () => {
    const other = { ...config(), hooks: { iris: { ...HOOK, url: 'http://other.example.ts.net/hook' } } };
    await expect(idsOf(other)).resolves.toEqual(['aperture_hook_missing']);
  });

  it('names an event that is sent to the path of another', async () => {
    const hook = { ...HOOK, url: `${HOOK.url}/pre_request` };
    const events = ['pre_request', 'entire_request'];
    await expect(idsOf(config(hook, [grant({ ...SEND, events })]))).resolves.toEqual(['aperture_event_on_wrong_path']);
    await expect(idsOf(config(hook))).resolves.toEqual([]);
  });

  it('waits for ever when the timeout is 0, so it is not too short', async () => {
    await expect(idsOf(config({ ...HOOK, timeout: '0' }))).resolves.toEqual([]);
    await expect(idsOf(config({ ...HOOK, timeout: '0' }), '--budget-ms', '60000')).resolves.toEqual([]);
    await expect(idsOf(config(), '--budget-ms', '5000')).resolves.toEqual(['aperture_timeout_short']);
  });

  it('reads the older form, and reports that it is old', async () => {
    const old = (fields: string[]) => ({
      providers: {},
      hooks: { iris: HOOK },
      temp_grants: [{ src: ['*'], grants: [{ hook: { match: { events: ['pre_request'] }, hook: 'iris', fields } }] }],
    });
    expect(apertureConfigSchema.safeParse(old(['request_body'])).success).toBe(true);
    await expect(idsOf(old(['request_body']))).resolves.toEqual(['aperture_old_syntax']);
    await expect(idsOf(old(['tools']))).resolves.toEqual(['aperture_request_body_missing', 'aperture_old_syntax']);
  });

  it('wants dst in a grant of the tailnet policy, where the configuration forbids it', async () => {
    const without = await write('policy.hujson', { grants: [grant()] });
    const having = await write('policy-dst.hujson', { grants: [grant(SEND, { dst: ['tag:aperture'] })] });
    await expect(idsOf(config(HOOK, []), '--tailnet-policy', without)).resolves.toEqual(['aperture_dst_missing']);
    await expect(idsOf(config(HOOK, []), '--tailnet-policy', having)).resolves.toEqual([]);
  });
});
