import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = 'node_modules/@modelcontextprotocol/inspector-cli';

export interface Inspector {
  /** Runs one command against a server, and returns what it prints. */
  run(url: string, key: string, ...args: string[]): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/**
 * The command line of the MCP inspector. Its package reads a `package.json` two folders above its files, which only its
 * own repository has, so it is run from a folder of that layout.
 */
export async function openInspector(): Promise<Inspector> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-inspector-'));
  await mkdir(join(folder, 'cli'));
  await writeFile(join(folder, 'package.json'), '{"name":"inspector","version":"1.0.3","type":"module"}');
  await cp(join(PACKAGE, 'build'), join(folder, 'cli/build'), { recursive: true });
  await symlink(resolve(PACKAGE, 'node_modules'), join(folder, 'cli/node_modules'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  const { NODE_OPTIONS: _, ...env } = process.env;
  return {
    run: async (url, key, ...args) => {
      const script = join(folder, 'cli/build/cli.js');
      const all = [script, url, '--transport', 'http', '--header', `Authorization: Bearer ${key}`, '--cli', ...args];
      return JSON.parse((await promisify(execFile)(process.execPath, all, { env })).stdout);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
