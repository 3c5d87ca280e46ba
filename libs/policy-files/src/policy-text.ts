import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What matters for a replay in the text of policies. */
export interface PolicyText {
  /**
   * Policies that read the PDP's clock: their decisions cannot be replayed at another time. Paths relative to the folder.
   */
  readonly clock: readonly string[];
  /** Whether a policy reads how old facts are. */
  readonly readsAges: boolean;
  /** Whether a policy reads parameters of calls. */
  readonly readsParams: boolean;
}

/** CEL functions of Cerbos that read the PDP's own clock. */
const CLOCK = /\bnow\(\)|\.timeSince\(\)/;
const AGES = /\bageSeconds\b/;
const PARAMS = /\bparams\b/;

/** Reads the policies of a folder; comments do not count. */
export async function readPolicyText(folder: string): Promise<PolicyText> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('_schemas'));
  const clock: string[] = [];
  let readsAges = false;
  let readsParams = false;
  for (const file of files.sort()) {
    const code = (await readFile(file, 'utf8')).replace(/^\s*#.*$/gm, '');
    if (CLOCK.test(code)) clock.push(file.slice(folder.length).replace(/^\/+/, ''));
    readsAges ||= AGES.test(code);
    readsParams ||= PARAMS.test(code);
  }
  return { clock, readsAges, readsParams };
}
