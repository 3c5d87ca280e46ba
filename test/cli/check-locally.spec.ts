import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runIris } from './run-iris.js';

jest.setTimeout(60_000);

interface Answers {
  readonly calls: {
    readonly effect: string;
    readonly rules: {
      readonly rule: string;
      readonly outcome: string;
      readonly unmet: { readonly condition: string; readonly value?: unknown; readonly error?: string }[];
    }[];
  }[];
}

const POLICY = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: aperture_hook
  version: default
  variables: { local: { managed: P.attr.device.managed == true, weekday: now().getDayOfWeek() } }
  rules:
    - name: unmanaged
      actions: ["*"]
      effect: EFFECT_DENY
      roles: ["*"]
      condition: { match: { expr: '!V.managed' } }
    - name: weekdays
      actions: ["Read"]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match:
          all:
            of:
              - expr: R.attr.request.businessHours && V.weekday == 5
              - any: { of: [{ expr: P.attr.team == "a" }, { expr: P.attr.team == "b" }] }
    - name: other
      actions: ["Write"]
      effect: EFFECT_ALLOW
      roles: ["*"]
`;

describe('iris check --policies', () => {
  let folder: string;
  let facts: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'iris-check-spec-'));
    writeFileSync(join(folder, 'policy.yaml'), POLICY);
    facts = join(mkdtempSync(join(tmpdir(), 'iris-facts-')), 'facts.yaml');
  });
  afterAll(() => {
    for (const path of [folder, join(facts, '..')]) rmSync(path, { recursive: true, force: true });
  });

  async function check(attr: unknown, time = '2026-11-06T10:00:00Z', tool = 'Read') {
    writeFileSync(facts, JSON.stringify({ attr }));
    const question = ['--login', 'ana@example.com', '--tool', tool, '--facts', facts, '--time', time];
    const run = await runIris(['check', '--json', '--policies', folder, ...question]);
    const [call] = run.json<Answers>().calls;
    if (call === undefined) throw new Error(run.err);
    return { code: run.code, ...call, rule: (name: string) => call.rules.find(({ rule }) => rule === name) };
  }
  const managed = { device: { managed: true } };

  it('allows when every condition is true', async () => {
    const { code, effect, rules } = await check({ ...managed, team: 'b' });
    expect({ code, effect }).toEqual({ code: 0, effect: 'ALLOW' });
    expect(rules.map(({ rule, outcome }) => [rule, outcome])).toEqual([
      ['unmanaged', 'not met'],
      ['weekdays', 'met'],
    ]);
  });

  it('shows the one condition that fails', async () => {
    const { code, effect, rule } = await check({ ...managed, team: 'c' });
    expect({ code, effect }).toEqual({ code: 1, effect: 'DENY' });
    expect(rule('weekdays')?.unmet).toEqual([
      { condition: 'P.attr.team == "a"', value: false },
      { condition: 'P.attr.team == "b"', value: false },
    ]);
  });

  it.each([
    ['outside of business hours', '2026-11-06T18:00:00Z', ['R.attr.request.businessHours']],
    ['on another weekday', '2026-11-05T10:00:00Z', ['V.weekday == 5']],
    ['in another zone than UTC', '2026-11-07T01:00:00+09:00', []],
  ])('asks at the given time: %s', async (_, time, unmet) => {
    const { rule } = await check({ ...managed, team: 'a' }, time);
    expect(rule('weekdays')?.unmet.map(({ condition }) => condition)).toEqual(unmet);
  });

  it('shows the error of a condition that cannot be evaluated, and that it denies', async () => {
    const { effect, rule } = await check({ team: 'a' });
    expect(effect).toBe('DENY');
    expect(rule('unmanaged')).toEqual({
      rule: 'unmanaged',
      effect: 'DENY',
      outcome: 'error',
      unmet: [
        {
          condition: '!V.managed: P.attr.device.managed == true',
          error: expect.stringContaining('no such key: device'),
        },
      ],
    });
    const text = await runIris(['check', '--policies', folder, '--login', 'a@b.c', '--tool', 'Read']);
    expect(text.out).toContain('error: no such key');
    expect(text.out).not.toContain('rules: none');
  });

  it('decides by the shipped policies, through derived roles and variables', async () => {
    const run = (attr: unknown) => {
      writeFileSync(facts, JSON.stringify({ attr }));
      const question = ['--login', 'ana@example.com', '--tool', 'mcp__postgres-prod__query', '--facts', facts];
      return runIris(['check', '--json', '--policies', 'policies', ...question, '--params', '{"sql":"SELECT 1"}']);
    };
    const engineer = {
      ...{ department: 'Engineering', employmentStatus: 'active', okta: { live: true }, onCall: false },
      context: { pagerduty: { status: 'fresh' } },
    };
    const denied = (await run(engineer)).json<Answers>().calls[0];
    expect(denied?.effect).toBe('DENY');
    expect(denied?.rules.find(({ rule }) => rule === 'production-systems')?.unmet).toEqual([
      { condition: '"on_call" in runtime.effectiveDerivedRoles', value: false },
    ]);
    const allowed = (await run({ ...engineer, onCall: true })).json<Answers>().calls[0];
    expect(allowed?.effect).toBe('ALLOW');
  });

  it.each([
    [
      'facts of another form',
      ['--policies', 'policies', '--facts', 'FACTS'],
      /key \(root\).*has roles \(a list\), attr and call/,
    ],
    ['facts without policies', ['--facts', 'FACTS'], /need --policies/],
    ['a time without a zone', ['--policies', 'policies', '--time', '2026-11-06T10:00'], /with a zone/],
    ['a version that no policy has', ['--policies', 'policies', '--policy-version', 'none'], /version none/],
  ])('refuses %s', async (_, args, message) => {
    writeFileSync(facts, 'department: Sales');
    const given = args.map((arg) => (arg === 'FACTS' ? facts : arg));
    const run = await runIris(['check', '--login', 'a@b.c', '--tool', 'Read', ...given]);
    expect({ code: run.code, err: run.err }).toEqual({ code: 2, err: expect.stringMatching(message) });
  });
});
