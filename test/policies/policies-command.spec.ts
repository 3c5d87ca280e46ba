import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentRevision, statedRevision } from '@iris/policy-files';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runIris } from '../cli/run-iris.js';

async function compile(root: string, command: 'test' | 'lint' = 'test') {
  const { code, err, out } = await runIris(['policies', command, join(root, 'policies'), '--stamp']);
  return { status: code, stderr: err, out };
}

describe('iris policies test, on the shipped policies', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'iris-compile-'));
    cpSync('policies', join(root, 'policies'), { recursive: true });
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function edit(file: string, from: string, to: string): void {
    const path = join(root, 'policies/pack', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  }

  it('passes the shipped policies', async () => {
    const { status, stderr } = await compile(root);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('fails when a stale answer of PagerDuty is as good as a fresh one', async () => {
    edit('_iris_variables.yaml', `?status.orValue("") == "fresh"`, `?status.orValue("") != "unavailable"`);
    const { status, stderr } = await compile(root);
    expect(status).toBe(1);
    expect(stderr).toContain('context.pagerduty.status = "stale"');
  });

  it.each([
    ['workday', 'a person whom only Okta knows', 'a person whom only Workday knows'],
    ['okta', 'a person whom only Workday knows', 'a person whom only Okta knows'],
  ])('lets people be missing in %s alone where the constants say so', async (source, opened, closed) => {
    edit('_iris_constants.yaml', 'may_lack_people: []', `may_lack_people: [${source}]`);
    const { status, stderr } = await compile(root);
    expect(status).toBe(1);
    expect(stderr).toContain(opened);
    expect(stderr).not.toContain(closed);
  });

  it.each([
    ['asks for nobody', 'true', 'allows without a role'],
    ['asks for a role or else', `V.live || "engineer" in runtime.effectiveDerivedRoles`, 'allows without a role'],
    ['asks that a role is missing', `!("engineer" in runtime.effectiveDerivedRoles)`, 'allows without a role'],
    ['asks for a role', `V.live && "engineer" in runtime.effectiveDerivedRoles`, 'has no test'],
  ])('refuses a rule that %s and is not tested', async (_, expr, fault) => {
    edit(
      'enforce/aperture_hook.yaml',
      '    - name: read-only\n',
      `    - name: extra
      actions: ["*"]
      effect: EFFECT_ALLOW
      roles: ["*"]
      condition: { match: { expr: '${expr}' } }
      output: { when: { ruleActivated: '{"allowed_by": "extra"}' } }

    - name: read-only
`,
    );
    const { status, stderr } = await compile(root, 'lint');
    expect(status).toBe(1);
    expect(stderr).toContain(`rule extra ${fault}`);
  });

  it('lets no person pass whom no source knows, also by a rule that forgets to ask', async () => {
    edit(
      'enforce/aperture_hook.yaml',
      '    - name: read-only\n',
      `    - name: careless
      actions: ["*"]
      effect: EFFECT_ALLOW
      roles: ["*"]
      output: { when: { ruleActivated: '{"allowed_by": "careless"}' } }

    - name: read-only
`,
    );
    const { stderr } = await compile(root);
    expect(stderr).toContain('rule careless allows without a role');
    expect(stderr).not.toContain('a person of whom no source knows');
    expect(stderr).not.toContain('a person who is active at Okta alone');
  });

  it('finds what the compiler does not: no name, no output, a denial for some roles', async () => {
    writeFileSync(
      join(root, 'policies/pack/extra.yaml'),
      `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: extra
  version: default
  rules:
    - { actions: ["*"], effect: EFFECT_DENY, roles: [user] }
`,
    );
    const { status, stderr } = await compile(root, 'lint');
    expect(status).toBe(1);
    for (const part of ['has no name', 'has no output', 'denies for some roles only']) {
      expect(stderr).toContain(part);
    }
  });
});

describe('iris policies, on a folder that the PDP loads', () => {
  let folder: string;
  const policy = (rule: string) => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: refund
  version: default
  rules:
${rule}`;
  const ALLOW = `    - name: agents-read
      actions: ["read"]
      effect: EFFECT_ALLOW
      roles: [support]
      output: { when: { ruleActivated: '{"allowed_by": "support reads"}' } }
`;
  const suite = (roles: string, effect: string) => `name: Refunds
principals: { p: { id: p, roles: [${roles}] } }
resources: { r: { id: r, kind: refund, policyVersion: default } }
tests:
  - name: reads
    input: { principals: [p], resources: [r], actions: [read] }
    expected: [{ principal: p, resource: r, actions: { read: ${effect} } }]
`;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'iris-lint-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  }

  it.each([
    [
      'a misspelt variable',
      `${policy(ALLOW)}`.replace('output:', 'condition: { match: { expr: V.livee } }\n      output:'),
      /refund\.yaml:\d+:\d+: .*'livee'/,
    ],
    ['a key that does not exist', policy(ALLOW.replace('effect:', 'efect:')), /refund\.yaml:\d+:\d+: /],
    [
      'an effect that does not exist',
      policy(ALLOW.replace('EFFECT_ALLOW', 'EFFECT_ALOW')),
      /refund\.yaml:8:15: invalid enum value/,
    ],
    ['text that is no YAML', 'foo: [', /refund\.yaml:1:6: /],
    [
      'a schema that does not exist',
      `${policy(ALLOW)}  schemas: { principalSchema: { ref: "cerbos:///none.json" } }\n`,
      /refund\.yaml:\d+:\d+: .*none\.json/,
    ],
    ['an import that does not exist', `${policy(ALLOW)}  importDerivedRoles: [none]\n`, /refund\.yaml.*none/],
    ['two policies of one name', `${policy(ALLOW)}`, /refund.*\.yaml/],
  ])('names file and position of %s', async (name, text, expected) => {
    write({ 'refund.yaml': text, 'refund_test.yaml': suite('support', 'EFFECT_ALLOW') });
    if (name.startsWith('two')) write({ 'refund_again.yaml': text });
    for (const command of ['test', 'lint']) {
      const { code, err } = await runIris(['policies', command, folder]);
      expect({ command, code, err }).toEqual({ command, code: 1, err: expect.stringMatching(expected) });
      expect(err).not.toContain('{');
    }
  });

  it('names the policies of one scope whose permissions differ', async () => {
    const scoped = (name: string, permissions: string) =>
      policy(ALLOW).replace(
        'resource: refund',
        `resource: ${name}\n  scopePermissions: SCOPE_PERMISSIONS_${permissions}`,
      );
    write({
      'a.yaml': scoped('refund', 'OVERRIDE_PARENT'),
      'b.yaml': scoped('order', 'REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS'),
    });
    const { code, err } = await runIris(['policies', 'lint', folder]);
    expect(code).toBe(1);
    expect(err).toMatch(/b\.yaml: scope "" has scopePermissions SCOPE_PERMISSIONS_REQUIRE/);
  });

  it('passes a rule that demands a role and has a test', async () => {
    write({ 'refund.yaml': policy(ALLOW), 'refund_test.yaml': suite('support', 'EFFECT_ALLOW') });
    expect(await runIris(['policies', 'test', folder])).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [
      'no test allows by it',
      ALLOW,
      suite('nobody', 'EFFECT_DENY'),
      /refund\.yaml:6: rule agents-read has no test: .*lint: no-test/,
    ],
    ['the test fails', ALLOW, suite('nobody', 'EFFECT_ALLOW'), /has no test/],
    [
      'it lists the wildcard beside a derived role',
      ALLOW.replace('[support]', '["*"]'),
      suite('support', 'EFFECT_ALLOW'),
      /refund\.yaml:6: rule agents-read allows without a role: .*lint: no-role/,
    ],
    [
      'the reason is missing',
      `    # lint: no-role\n${ALLOW.replace('[support]', '["*"]')}`,
      suite('support', 'EFFECT_ALLOW'),
      /lint: no-role without a reason/,
    ],
    [
      'the reason is not needed',
      `    # lint: no-role nobody in particular\n${ALLOW}`,
      suite('support', 'EFFECT_ALLOW'),
      /which it does not need/,
    ],
  ])('refuses an ALLOW rule when %s', async (_, rule, tests, expected) => {
    write({ 'refund.yaml': policy(rule), 'refund_test.yaml': tests });
    const { code, err } = await runIris(['policies', 'lint', folder]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(expected) });
  });

  it('accepts a reason instead of a role, and instead of a test', async () => {
    const rule = `    # lint: no-role everybody may read the rules of refunds
    # lint: no-test reads have no conditions
${ALLOW.replace('[support]', '["*"]')}`;
    write({
      'refund.yaml': policy(rule),
      'refund_test.yaml': suite('support', 'EFFECT_ALLOW')
        .replaceAll('read]', 'write]')
        .replace('read:', 'write:')
        .replace('EFFECT_ALLOW', 'EFFECT_DENY'),
    });
    expect(await runIris(['policies', 'lint', folder])).toMatchObject({ code: 0, err: '' });
  });

  it('reads policies written as JSON, and in folders below', async () => {
    mkdirSync(join(folder, 'below'));
    const json = {
      apiVersion: 'api.cerbos.dev/v1',
      resourcePolicy: {
        resource: 'refund',
        version: 'default',
        rules: [{ name: 'open', actions: ['read'], effect: 'EFFECT_ALLOW', roles: ['*'] }],
      },
    };
    write({ 'below/refund.json': JSON.stringify(json, null, 2), 'refund_test.yaml': suite('support', 'EFFECT_ALLOW') });
    const { code, err } = await runIris(['policies', 'lint', folder]);
    expect(code).toBe(1);
    expect(err).toMatch(/below\/refund\.json:7: rule open has no output/);
    expect(err).toMatch(/below\/refund\.json:7: rule open allows without a role/);
    expect(err).not.toContain('has no test');
  });

  it('names a suite that cannot be read', async () => {
    write({
      'refund.yaml': policy(ALLOW),
      'refund_test.yaml': 'name: x\ntests:\n  - name: a\n    input: { principals: [q] }\n',
    });
    const { code, err } = await runIris(['policies', 'test', folder]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('refund_test.yaml') });
  });
});

describe('the shipped pack', () => {
  it('states its own revision', () => {
    expect(statedRevision('policies/pack')).toBe(contentRevision('policies/pack'));
  });
});
