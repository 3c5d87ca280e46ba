import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually, freePort } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ANA = 'ana@lumen.example';

let mesh: ChildProcess;
let printed = '';
const env: Record<string, string> = {};

/** The mesh as `npm start -- --observe` runs it. */
beforeAll(async () => {
  const port = await freePort();
  mesh = spawn(
    process.execPath,
    ['dist/apps/sandbox/src/demo/start.js', '--observe', '--port', String(port)],
    // Without the options of this process.
    { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  mesh.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await eventually(async () => expect(printed).toContain('Ctrl-C ends everything'));
  for (const [, name = '', value = ''] of printed.matchAll(/(IRIS_\w+)='([^']*)'/g)) env[name] = value;
}, 250_000);

afterAll(async () => {
  if (mesh.exitCode !== null) return;
  mesh.kill('SIGTERM');
  await once(mesh, 'exit');
}, 60_000);

async function iris(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, ['dist/apps/cli/src/main.js', ...args], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
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
      const run = await iris(...args.map((arg) => arg.replace('$IRIS_EVIDENCE', env.IRIS_EVIDENCE ?? '')));
      expect(run).toMatchObject({ code: 0, out: expect.stringContaining(says) });
    },
    60_000,
  );

  it('prints the trace of each hook, and has the shipped rules in Prometheus', async () => {
    await eventually(async () => expect(printed).toMatch(/trace [0-9a-f]{32}\n.*gateway: .*█/));
    const [, url = ''] = /Prometheus: (\S+)\/alerts/.exec(printed) ?? [];
    const rules = await (await fetch(`${url}/api/v1/rules`)).text();
    expect(rules).toContain('IrisTargetAbsent');
    await eventually(async () => {
      const up = await (await fetch(`${url}/api/v1/query?query=count(up==1)`)).json();
      expect(up).toMatchObject({ data: { result: [{ value: [expect.anything(), '7'] }] } });
    });
  }, 90_000);
});
