import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { packCases, recordOf } from '../bench/case-evidence.js';

jest.setTimeout(180_000);

const PAGE = readFileSync('docs/policy-tutorial.md', 'utf8');
const BLOCKS = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);

/** What each block of the page shows, in order. */
const SHOWN = [
  /^$/,
  /✓ policies/,
  /ALLOW mcp__jira__jira_delete_issue[\s\S]*DENY mcp__jira__jira_delete_issue[\s\S]*R\.attr\.request\.businessHours == true[\s\S]*denied/,
  /✓ policies/,
  /decisions replayed, \d+ would change[\s\S]*changed/,
  /✓ policies/,
];

describe('the policy tutorial', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'iris-tutorial-'));
    for (const path of ['package.json', 'node_modules', 'dist']) symlinkSync(resolve(path), join(root, path));
    cpSync('policies', join(root, 'policies'), { recursive: true });
    const records = packCases().slice(0, 50).map(recordOf);
    writeFileSync(join(root, 'evidence.jsonl'), records.map((record) => JSON.stringify(record)).join('\n'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('has a block for each thing that is shown, and at most 900 words', () => {
    expect(BLOCKS).toHaveLength(SHOWN.length);
    expect(PAGE.split(/\s+/).length).toBeLessThanOrEqual(900);
  });

  it('works as printed', () => {
    BLOCKS.forEach((block, index) => {
      const { NODE_OPTIONS: _, ...env } = process.env;
      const run = spawnSync('bash', ['-euo', 'pipefail', '-c', block], { cwd: root, encoding: 'utf8', env });
      const output = `${run.stdout}${run.stderr}`;
      expect({ index, status: run.status, output }).toEqual({
        ...{ index, status: 0 },
        output: expect.stringMatching(SHOWN[index] as RegExp),
      });
    });
  });
});
