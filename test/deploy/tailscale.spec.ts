import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { gatewaySettings } from '../../apps/gateway/src/gateway.settings.js';
import { manifests, presetFile, ROOT, render } from './helm.js';

const FOLDER = join(ROOT, 'deploy/tailscale');

/** Reads HuJSON: JSON with comments and trailing commas. */
function readHuJson(name: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(readFileSync(join(FOLDER, name), 'utf8'), errors, { allowTrailingComma: true });
  expect([name, errors.map(({ error, offset }) => `${printParseErrorCode(error)} at ${offset}`)]).toEqual([name, []]);
  return value;
}

interface Grant {
  readonly src: readonly string[];
  readonly dst: readonly string[];
  readonly app?: Readonly<Record<string, readonly { readonly roles?: readonly string[] }[]>>;
}

describe('the parts for the tailnet policy file', () => {
  let policy: {
    tagOwners: Record<string, string[]>;
    groups: Record<string, string[]>;
    autoApprovers: { services: Record<string, string[]> };
    grants: Grant[];
    nodeAttrs: { target: string[]; attr: string[] }[];
  };

  beforeAll(() => {
    policy = readHuJson('policy-file.hujson') as typeof policy;
  });

  it('define every tag and group that they use', () => {
    const used = JSON.stringify(policy).match(/(?<!auto)(tag|group):[a-z0-9-]+/g) ?? [];
    const defined = [...Object.keys(policy.tagOwners), ...Object.keys(policy.groups)];
    expect(used.filter((name) => !defined.includes(name))).toEqual([]);
  });

  it('give every grant a destination, without which it applies to nothing', () => {
    for (const { dst } of policy.grants) expect(dst.length).toBeGreaterThan(0);
  });

  it('approve the service and the tags that the chart asks for', async () => {
    const [ingress] = manifests(await render(['--values', presetFile('production')])).filter(
      ({ kind }) => kind === 'Ingress',
    );
    const spec = ingress?.spec as unknown as { tls: { hosts: string[] }[] } | undefined;
    const service = `svc:${spec?.tls[0]?.hosts[0]}`;
    const tags = ingress?.metadata.annotations?.['tailscale.com/tags']?.split(',') ?? [];
    expect(policy.autoApprovers.services[service]).toEqual(tags);
    expect(policy.grants.flatMap(({ dst }) => dst)).toEqual(expect.arrayContaining([service, ...tags]));
  });

  it('let a Funnel be opened by the proxies that the chart makes for pushes, and by no other', async () => {
    const funnel = ['--set', 'enrichers.okta.webhook.expose=funnel,enrichers.okta.webhook.host=okta'];
    const all = manifests(await render(['--values', presetFile('production'), ...funnel]));
    const tags = all
      .filter(({ metadata }) => metadata.annotations?.['tailscale.com/funnel'] === 'true')
      .flatMap(({ metadata }) => metadata.annotations?.['tailscale.com/tags']?.split(',') ?? []);
    const allowed = policy.nodeAttrs.filter(({ attr }) => attr.includes('funnel')).flatMap(({ target }) => target);
    expect(allowed).toEqual(tags);
    for (const tag of tags) expect(policy.tagOwners[tag]).toEqual(['tag:k8s-operator']);
    expect(policy.grants.flatMap(({ dst }) => dst).filter((dst) => tags.includes(dst))).toEqual([]);
  });

  it('carry roles by the capability that the gateway reads', () => {
    const capabilities = policy.grants.flatMap(({ app }) => Object.entries(app ?? {}));
    expect(capabilities.length).toBeGreaterThan(0);
    for (const [name, entries] of capabilities) {
      expect(name).toBe(gatewaySettings['roles.capability'].fallback);
      for (const { roles } of entries) expect(roles).toEqual([expect.any(String)]);
    }
  });
});

interface Hook {
  readonly url: string;
  readonly timeout: string;
  readonly fail_policy?: string;
}
interface Wiring {
  readonly hook: string;
  readonly events: readonly string[];
  readonly fields: readonly string[];
}

/** Keys that Aperture's own validator lets a hook have. */
const HOOK_KEYS = ['url', 'apikey', 'authorization', 'timeout', 'disabled', 'fail_policy', 'preference'];
const FIELDS_BEFORE_THE_RESPONSE = ['request_body', 'user_message', 'estimated_cost', 'quotas', 'grants'];
const FIELDS_AFTER_THE_RESPONSE = [...FIELDS_BEFORE_THE_RESPONSE, 'tools', 'response_body', 'raw_responses'];

/** What a configuration wires, in either syntax. */
function wirings(config: Record<string, never>): Wiring[] {
  const current = (config.grants ?? []) as {
    app: Record<string, { send_hooks: { name: string; events: string[]; send: string[] }[] }[]>;
  }[];
  const older = (config.temp_grants ?? []) as {
    grants: { hook: { match: { events: string[] }; hook: string; fields: string[] } }[];
  }[];
  return [
    ...current
      .flatMap(({ app }) => app['tailscale.com/cap/aperture'] ?? [])
      .flatMap(({ send_hooks }) => send_hooks)
      .map(({ name, events, send }) => ({ hook: name, events, fields: send })),
    ...older
      .flatMap(({ grants }) => grants)
      .map(({ hook }) => ({ hook: hook.hook, events: hook.match.events, fields: hook.fields })),
  ];
}

describe.each(readdirSync(join(FOLDER, 'aperture')))('the parts for Aperture in %s', (name) => {
  let config: { hooks: Record<string, Hook> } & Record<string, never>;
  let wired: Wiring[];

  beforeAll(() => {
    config = readHuJson(join('aperture', name)) as typeof config;
    wired = wirings(config);
  });

  it('wire every hook, and no other', () => {
    expect(wired.map(({ hook }) => hook).sort()).toEqual(Object.keys(config.hooks).sort());
    for (const hook of Object.values(config.hooks)) {
      expect(Object.keys(hook).filter((key) => !HOOK_KEYS.includes(key))).toEqual([]);
    }
  });

  it('send each event to its path, with fields that there are at that moment', () => {
    for (const { hook, events, fields } of wired) {
      expect(events).toHaveLength(1);
      expect(new URL(config.hooks[hook]?.url ?? '').pathname).toBe(`/ext/aperture/${events[0]}`);
      const there = events[0] === 'pre_request' ? FIELDS_BEFORE_THE_RESPONSE : FIELDS_AFTER_THE_RESPONSE;
      expect(fields.filter((field) => !there.includes(field))).toEqual([]);
    }
  });

  it('fail closed before the response, with a timeout above the gateway’s budget, and send what is judged', () => {
    for (const { hook, events, fields } of wired) {
      const { timeout, fail_policy } = config.hooks[hook] ?? {};
      expect(Number(timeout?.replace(/s$/, '')) * 1000).toBeGreaterThan(
        2 * Number(gatewaySettings['hook.budgetMs'].fallback),
      );
      if (events[0] !== 'pre_request') continue;
      expect(fail_policy).toBe('fail_closed');
      expect(fields).toContain('request_body');
    }
  });
});
