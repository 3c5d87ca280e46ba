import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Builds the page into a folder of its own, so that a spec needs no earlier build. */
export async function buildPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-console-page-'));
  const args = [
    'node_modules/vite/bin/vite.js',
    'build',
    'apps/console/web',
    '--outDir',
    folder,
    '--logLevel',
    'error',
  ];
  await promisify(execFile)(process.execPath, args);
  return folder;
}
