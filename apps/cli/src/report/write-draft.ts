import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cerbosBinary } from '@iris/local-pdp';
import { CliFault } from '../exit-codes.js';
import { type DraftRule, draftPolicyText, draftTestText } from './draft-policy.js';

export interface WriteDraftOptions {
  readonly folder: string;
  readonly kind: string;
  readonly version: string;
  /** Path of a Cerbos binary; that of the installed package when absent. */
  readonly binary?: string;
}

/**
 * Writes the rules with their tests, and proves by `cerbos compile` that they are what they say.
 *
 * @throws CliFault when they do not compile or a test fails
 */
export async function writeDraft(rules: readonly DraftRule[], options: WriteDraftOptions): Promise<void> {
  const { folder, kind, version } = options;
  const binary = cerbosBinary(options.binary);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${kind}.yaml`), draftPolicyText(rules, kind, version));
  await writeFile(join(folder, `${kind}_test.yaml`), draftTestText(rules, kind, version));
  for (const strict of [[], ['--strict-evaluation']]) {
    const child = spawn(binary, ['compile', '--color=never', ...strict, folder], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, CERBOS_NO_TELEMETRY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new CliFault(`the draft in ${folder} does not compile:\n${output.trim()}`);
  }
}
