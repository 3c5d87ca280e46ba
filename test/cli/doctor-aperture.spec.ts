import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apertureConfigSchema } from '../../apps/sandbox/src/aperture/aperture-config.js';
import { findingsOf, runIris } from './run-iris.js';

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

const SHIPPED = join(process.cwd(), 'deploy/tailscale');

describe('doctor reads the shipped examples', () => {
  const doctor = async (aperture: string) =>
    runIris([
      'doctor',
      '--json',
      '--no-enrichers',
      '--aperture',
      join(SHIPPED, 'aperture', aperture),
      '--tailnet-policy',
      join(SHIPPED, 'policy-file.hujson'),
    ]);

  it.each(['enforce.hujson', 'both.hujson'])('%s has nothing to fix', async (name) => {
    const run = await doctor(name);
    expect(run.json()).toMatchObject({ findings: [], warnings: [] });
    expect(run.code).toBe(0);
  });

  it('observe.hujson only observes, which is a warning', async () => {
    const run = await doctor('observe.hujson');
    expect(run.json()).toMatchObject({ findings: [], warnings: [{ id: 'aperture_observes_only' }] });
    expect(run.code).toBe(0);
  });

  it('both-older-syntax.hujson is deprecated', async () => {
    const ids = (await doctor('both-older-syntax.hujson'))
      .json<{ findings: { id: string }[] }>()
      .findings.map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set(['aperture_old_syntax']));
  });

  it('gives no tick for a tailnet policy that it cannot read', async () => {
    const policy = await write('unreadable.hujson', 'grants: yaml');
    const run = await runIris(['doctor', '--json', '--no-enrichers', '--tailnet-policy', policy]);
    const { checks } = run.json<{ checks: { check: string; skipped?: string }[] }>();
    expect(checks.find(({ check }) => check === 'tailnet services')?.skipped).toContain('not readable');
    expect(run.code).toBe(1);
  });

  it.each<[id: string, list: 'findings' | 'warnings', from: string, to: string]>([
    [
      'tailnet_service_misspelt',
      'findings',
      '"dst": ["svc:iris"],\n      "ip": ["tcp:443", "tcp:80"]',
      '"dst": ["svc:irsi"],\n      "ip": ["tcp:443", "tcp:80"]',
    ],
    ['tailnet_service_misspelt', 'findings', '"svc:iris": ["tag:iris"]', '"svc:iriss": ["tag:iris"]'],
    ['tailnet_service_unapproved', 'warnings', '"svc:iris": ["tag:iris"],', ''],
    ['tailnet_service_tag_unknown', 'findings', '"svc:iris": ["tag:iris"]', '"svc:iris": ["tag:irsi"]'],
    [
      'tailnet_roles_dst_missing',
      'findings',
      '"src": ["group:platform-admins"],\n      "dst": ["tag:aperture"],',
      '"src": ["group:platform-admins"],',
    ],
  ])('the tailnet policy: %s among the %s', async (id, list, from, to) => {
    const text = await readFile(join(SHIPPED, 'policy-file.hujson'), 'utf8');
    expect(text).toContain(from);
    const policy = await write('changed.hujson', text.replace(from, to));
    const run = await runIris([
      ...['doctor', '--json', '--no-enrichers', '--tailnet-policy', policy],
      ...['--aperture', join(SHIPPED, 'aperture/both.hujson')],
    ]);
    expect(run.json<Record<string, { id: string }[]>>()[list]?.map((found) => found.id)).toContain(id);
  });
});

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
