import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GeneratedFiles } from './generated-files.js';

/** Folders with protobuf files, and where their modules are. */
const PARTS = [
  ['libs/contracts', 'src/enricher/generated'],
  ['apps/pdp-proxy', 'src/ext-authz/generated'],
] as const;

/** The modules that buf makes of the protobuf files. @throws Error with the message of buf */
export function protobufModules(): GeneratedFiles {
  return Object.assign({}, ...PARTS.map(([part, output]) => modulesOf(part, output)));
}

function modulesOf(part: string, output: string): GeneratedFiles {
  mkdirSync('.iris', { recursive: true });
  const folder = mkdtempSync(resolve('.iris/protobuf-'));
  try {
    const buf = resolve('node_modules/.bin/buf');
    const { status, stderr, error } = spawnSync(buf, ['generate', '--output', folder], {
      cwd: part,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`buf generate: ${stderr || error?.message}`);
    const made = filesIn(join(folder, output));
    const present = existsSync(join(part, output)) ? filesIn(join(part, output)) : [];
    return Object.fromEntries(
      [...new Set([...made, ...present])].map((name) => [
        join(part, output, name),
        made.includes(name) ? readFileSync(join(folder, output, name), 'utf8') : undefined,
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}
