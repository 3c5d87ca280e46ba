import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseDocument, stringify } from 'yaml';
import { ROOT } from '../deploy/helm.js';
import { changedFiles, RepositoryCopy } from './repository-copy.js';

const FIXTURES = join(ROOT, 'test/generator/fixtures');
const VENDOR = 'apps/enricher-roster';
const FORMAT = 'apps/gateway/src/tool-calls/formats/plain-dialogue';
const RULE = 'roster-clearance';
const MESSAGE = 'Tools need a clearance in Roster.';

const copy = new RepositoryCopy();
afterAll(() => copy.remove());

/** Adds one folder by hand, generates, and returns what was written by whom. */
function addAndGenerate(fixture: string, folder: string) {
  const before = copy.digests();
  const byHand = copy.addFolder(join(FIXTURES, fixture), folder);
  const generated = copy.generate();
  const changed = changedFiles(before, copy.digests());
  process.stdout.write(`${fixture}: ${byHand.length} files by hand, all in ${folder}; ${generated.length} generated\n`);
  return { byHand, generated, changed };
}

describe('a new vendor and a new format', () => {
  beforeAll(() => {
    copy.generate();
  });

  it('are one folder each and one command', () => {
    const vendor = addAndGenerate('enricher-roster', VENDOR);
    expect(vendor.changed).toEqual([...vendor.byHand, ...vendor.generated].sort());
    expect(vendor.byHand.filter((path) => !path.startsWith(`${VENDOR}/`))).toEqual([]);
    expect(vendor.generated).toEqual(
      expect.arrayContaining([
        'nest-cli.json',
        'libs/contracts/src/generated/sources.ts',
        'deploy/helm/iris/files/sources.yaml',
        'deploy/helm/iris/values.yaml',
        'deploy/helm/iris/values.schema.json',
        'deploy/docker/compose.yaml',
        'docs/reference/attributes.md',
        'docs/reference/settings.md',
        'policies/pack/_schemas/principal.json',
        'deploy/helm/iris/files/dashboards/iris-context.json',
      ]),
    );
    const format = addAndGenerate('plain-dialogue', FORMAT);
    expect(format.changed).toEqual([...format.byHand, ...format.generated].sort());
    expect(format.generated.sort()).toEqual([
      'apps/gateway/src/tool-calls/formats/index.ts',
      'docs/reference/metrics.md',
      'libs/contracts/src/generated/formats.ts',
    ]);
  }, 120_000);

  it('leave nothing to generate, and the types complete', () => {
    copy.run('npm', ['run', '--silent', 'generate', '--', '--check']);
    copy.run('tsc', ['--noEmit', '--incremental', 'false']);
  }, 300_000);

  it('change nothing for the values files that there are: the vendor is off', () => {
    const { sources } = parse(readFileSync(join(copy.root, 'deploy/helm/iris/files/sources.yaml'), 'utf8'));
    expect(sources.roster).toMatchObject({ enabled: false, subject: 'login', address: 'enricher-roster:50051' });
    for (const preset of ['trial', 'observe-only', 'production']) {
      const rendered = readFileSync(join(copy.root, `deploy/helm/iris/examples/${preset}/rendered.yaml`), 'utf8');
      expect(rendered).not.toContain('image: ghcr.io/iris/iris-enricher-roster');
      expect(rendered).not.toMatch(/name: iris-enricher-roster\n/);
    }
  });

  it('reach decisions of a PDP through a mesh that is built from the copy', () => {
    copy.run('npm', ['run', '--silent', 'build']);
    const [withRoster, cleared, withoutRoster, ofFormat, allowedOfFormat] = askMesh([
      { gateway: 0, body: readFileHook('ben', 's0') },
      { gateway: 0, body: readFileHook('ana', 's1') },
      { gateway: 1, body: readFileHook('ben', 's2') },
      { gateway: 1, body: dialogueHook('ben', 's3') },
      { gateway: 1, body: dialogueHook('ana', 's4') },
    ]);
    expect(withRoster?.action).toBe('modify');
    expect(JSON.stringify(withRoster)).toContain(MESSAGE);
    expect(cleared).toEqual({ action: 'allow' });
    expect(withoutRoster).toEqual({ action: 'allow' });
    expect(ofFormat?.action).toBe('modify');
    expect(ofFormat?.request_body).toMatchObject({
      dialogue: [{ kind: 'say' }, { kind: 'call' }, { kind: 'result', output: expect.not.stringContaining('42 rows') }],
    });
    expect(allowedOfFormat).toEqual({ action: 'allow' });
  }, 300_000);
});

interface Reply {
  readonly action: string;
  readonly request_body?: unknown;
}

function askMesh(hooks: readonly { readonly gateway: number; readonly body: unknown }[]): Reply[] {
  const input = JSON.stringify(hooks);
  const args = [join(FIXTURES, 'ask-mesh.mjs'), copy.root, policiesWithRosterRule(), registryWithRoster()];
  return JSON.parse(copy.run(process.execPath, args, { input }).trim().split('\n').at(-1) ?? '');
}

/** The shipped pack with one more rule, as an operator would write it. */
function policiesWithRosterRule(): string {
  const folder = join(copy.root, '.iris/policies');
  cpSync(join(copy.root, 'policies/pack'), folder, { recursive: true });
  const file = join(folder, 'enforce/aperture_hook.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  const rule = {
    name: RULE,
    actions: ['*'],
    effect: 'EFFECT_DENY',
    roles: ['*'],
    condition: { match: { expr: 'P.attr.?roster.?clearance.orValue("full") == "none"' } },
    output: { when: { ruleActivated: `{"message": ${JSON.stringify(MESSAGE)}, "statusCode": 403}` } },
  };
  document.addIn(['resourcePolicy', 'rules'], rule);
  writeFileSync(file, document.toString());
  return folder;
}

/** The source registry of a mesh whose operator has turned the new vendor on. */
function registryWithRoster(): string {
  const registry = parse(readFileSync(join(copy.root, 'deploy/helm/iris/files/sources.yaml'), 'utf8'));
  registry.sources.roster.enabled = true;
  const file = join(copy.root, '.iris/sources.yaml');
  writeFileSync(file, stringify(registry));
  return file;
}

/** The gateways share Redis and with it remembered verdicts, so each hook has a session of its own. */
function metadata(name: string, path: string, session: string) {
  return {
    login_name: `${name}@lumen.example`,
    user_agent: 'claude-cli/2.1.278 (external, cli)',
    url: `https://aperture.lumen.example${path}`,
    model: 'claude-sonnet-5',
    provider: 'anthropic',
    tailnet_name: 'lumen.example',
    stable_node_id: name === 'ana' ? 'nAnaMacCNTRL' : 'nBenMacCNTRL',
    request_id: `req_${session}`,
    session_id: `sess_${session}`,
  };
}

function readFileHook(name: string, session: string) {
  return {
    metadata: metadata(name, '/v1/messages', session),
    request_body: {
      model: 'claude-sonnet-5',
      max_tokens: 1024,
      messages: [
        { role: 'user', content: 'read a file' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: { file_path: '/tmp/a' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'the text' }] },
      ],
    },
  };
}

/** A production database, which is open to those who are on call. */
function dialogueHook(name: string, session: string) {
  const connection = 'postgres://iris@orders-prod.db.lumen.example/orders';
  const call = { connection_string: connection, sql: 'select 1' };
  return {
    metadata: metadata(name, '/v9/dialogue', session),
    request_body: {
      model: 'd1',
      dialogue: [
        { kind: 'say', text: 'count the orders' },
        { kind: 'call', id: 'c1', name: 'mcp__postgres__execute_sql', arguments: call },
        { kind: 'result', id: 'c1', output: '42 rows' },
      ],
    },
  };
}
