import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

function compile(root: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['policies/compile.mjs', '--stamp'], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('policies/compile.mjs', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'iris-compile-'));
    cpSync('policies', join(root, 'policies'), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function edit(file: string, from: string, to: string): void {
    const path = join(root, 'policies/pack', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  }

  it('passes the shipped policies', () => {
    const { status, stderr } = compile(root);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, 120_000);

  it('fails when a stale answer of PagerDuty is as good as a fresh one', () => {
    edit('_iris_variables.yaml', `?status.orValue("") == "fresh"`, `?status.orValue("") != "unavailable"`);
    const { status, stderr } = compile(root);
    expect(status).toBe(1);
    expect(stderr).toContain('context.pagerduty.status = "stale"');
  }, 120_000);

  it.each([
    ['workday', 'a person whom only Okta knows', 'a person whom only Workday knows'],
    ['okta', 'a person whom only Workday knows', 'a person whom only Okta knows'],
  ])(
    'lets people be missing in %s alone where the constants say so',
    (source, opened, closed) => {
      edit('_iris_constants.yaml', 'may_lack_people: []', `may_lack_people: [${source}]`);
      const { status, stderr } = compile(root);
      expect(status).toBe(1);
      expect(stderr).toContain(opened);
      expect(stderr).not.toContain(closed);
    },
    120_000,
  );

  it.each([
    ['asks for nobody', 'true', 'allows without a role'],
    ['asks for a role or else', `V.live || "engineer" in runtime.effectiveDerivedRoles`, 'allows without a role'],
    ['asks that a role is missing', `!("engineer" in runtime.effectiveDerivedRoles)`, 'allows without a role'],
    ['asks for a role', `V.live && "engineer" in runtime.effectiveDerivedRoles`, 'has no case in tests/cases.yaml'],
  ])(
    'refuses a rule that %s and is not tested',
    (_, expr, fault) => {
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
      const { status, stderr } = compile(root);
      expect(status).toBe(1);
      expect(stderr).toContain(`rule extra ${fault}`);
    },
    120_000,
  );

  it('lets no person pass whom no source knows, also by a rule that forgets to ask', () => {
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
    const { stderr } = compile(root);
    expect(stderr).toContain('rule careless allows without a role');
    expect(stderr).not.toContain('a person of whom no source knows');
    expect(stderr).not.toContain('a person whom Okta vouches for, and of whom nothing else is known');
  }, 120_000);

  it('finds what the compiler does not: no name, no output, a denial for some roles, mixed scope permissions', () => {
    writeFileSync(
      join(root, 'policies/pack/extra.yaml'),
      `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: extra
  version: default
  scopePermissions: SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS
  rules:
    - { actions: ["*"], effect: EFFECT_DENY, roles: [user] }
`,
    );
    const { status, stderr } = compile(root);
    expect(status).toBe(1);
    for (const part of ['has no name', 'has no output', 'denies for some roles only', 'has scopePermissions']) {
      expect(stderr).toContain(part);
    }
  }, 120_000);
});

describe('the shipped pack', () => {
  it('states its own revision', async () => {
    // @ts-expect-error a plain script without types
    const { contentRevision, statedRevision } = await import('../../policies/revision.mjs');
    expect(statedRevision('policies/pack')).toBe(contentRevision('policies/pack'));
  });
});
