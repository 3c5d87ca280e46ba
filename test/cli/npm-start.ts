import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually, freePort } from '@iris/context-cache/testing';
import { expect } from '@jest/globals';

/** The mesh as `npm start -- --observe --console` runs it. */
export interface StartedMesh {
  /** The variables of the line that it prints for the CLI. */
  readonly env: Readonly<Record<string, string>>;
  printed(): string;
  stop(): Promise<void>;
}

export async function startAsPrinted(): Promise<StartedMesh> {
  const port = await freePort();
  const mesh = spawn(
    process.execPath,
    ['dist/apps/sandbox/src/demo/start.js', '--observe', '--console', '--port', String(port)],
    // Without the options of this process.
    { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  mesh.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const stop = async () => {
    if (mesh.exitCode !== null) return;
    mesh.kill('SIGTERM');
    await once(mesh, 'exit');
  };
  try {
    await eventually(async () => expect(printed).toContain('Ctrl-C ends everything'));
  } catch (error) {
    await stop();
    throw error;
  }
  const variables = [...printed.matchAll(/(IRIS_\w+)='([^']*)'/g)].map(([, name = '', value = '']) => [name, value]);
  return { env: Object.fromEntries(variables), printed: () => printed, stop };
}
