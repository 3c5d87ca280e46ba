import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type StartedMesh, startAsPrinted } from './npm-start.js';
import { commandBlocks, PageShell } from './page-shell.js';

const ANA = 'ana@lumen.example';

let mesh: StartedMesh;

beforeAll(async () => {
  mesh = await startAsPrinted();
}, 250_000);
afterAll(() => mesh?.stop(), 60_000);

async function iris(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, ['dist/apps/cli/src/main.js', ...args], {
    env: { ...process.env, NODE_OPTIONS: '', ...mesh.env },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

describe('the mesh that npm start runs, by its printed line', () => {
  it.each<[args: readonly string[], says: string]>([
    [['doctor', '--login', ANA], 'has a record of ana@lumen.example'],
    [['check', '--login', ANA, '--tool', 'Read', '--params', '{"file_path":"/tmp/x"}'], 'read-only'],
    [['context', 'show', ANA], 'okta'],
    [['context', 'refresh', ANA], 'asked'],
    [['evidence', 'list', '$IRIS_EVIDENCE', '--person', ANA], ANA],
    [['evidence', 'verify', '$IRIS_EVIDENCE'], ''],
    [['evidence', 'dead-letters', 'list'], ''],
    [['why', 'req_sample0_warm', '$IRIS_EVIDENCE'], 'ben@lumen.example'],
    [['report', '$IRIS_EVIDENCE'], 'Read'],
  ])(
    'iris %j works',
    async (args, says) => {
      const run = await iris(...args.map((arg) => arg.replace('$IRIS_EVIDENCE', mesh.env.IRIS_EVIDENCE ?? '')));
      expect(run).toMatchObject({ code: 0, out: expect.stringContaining(says) });
    },
    60_000,
  );

  it('prints the trace of each hook, and has the shipped rules in Prometheus', async () => {
    await eventually(async () => expect(mesh.printed()).toMatch(/trace [0-9a-f]{32}\n.*gateway: .*█/));
    const [, url = ''] = /Prometheus: (\S+)\/alerts/.exec(mesh.printed()) ?? [];
    const rules = await (await fetch(`${url}/api/v1/rules`)).text();
    expect(rules).toContain('IrisTargetAbsent');
    await eventually(async () => {
      const up = await (await fetch(`${url}/api/v1/query?query=count(up==1)`)).json();
      expect(up).toMatchObject({ data: { result: [{ value: [expect.anything(), '7'] }] } });
    });
  }, 90_000);
});

describe('the commands of the pages', () => {
  let shell: PageShell;
  beforeAll(async () => {
    shell = await PageShell.open(mesh.env);
  });
  afterAll(() => shell?.close());

  const blocks = commandBlocks();

  it('are many', () => {
    expect(blocks.length).toBeGreaterThan(15);
  });

  it.each(blocks.map(({ page, commands }) => [page, commands.split('\n')[0], commands] as const))(
    'run as printed: %s: %s',
    async (_page, _first, commands) => {
      const { code, output } = await shell.run(commands);
      expect([code, output]).toEqual([0, output]);
    },
    120_000,
  );
});
