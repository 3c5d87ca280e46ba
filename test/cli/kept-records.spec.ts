import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvidenceRecord } from '@iris/evidence';
import { describe, expect, it } from '@jest/globals';
import { runIris } from './run-iris.js';

/** Records as each edition wrote them. */
const KEPT = 'libs/evidence/test/records';

describe.each(readdirSync(KEPT))('the commands that read evidence take %s', (name) => {
  const file = join(KEPT, name);
  const records = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EvidenceRecord);

  it('report', async () => {
    const run = await runIris(['report', '--json', file]);
    expect(run.err).toBe('');
    expect(run.json()).toMatchObject({ calls: 4, withoutCall: 1, totals: { allowed: 1, blocked: 1, wouldBlock: 2 } });
  });

  it('evidence', async () => {
    const [first] = records;
    const run = await runIris(['evidence', 'show', first?.id ?? '', file]);
    expect(run.err).toBe('');
    expect(run.out).toContain('DENY mcp__postgres__query: policy_denied');
  });

  it('replay', async () => {
    const run = await runIris(['replay', '--json', '--policies', 'policies/pack', file]);
    expect(run.err).toBe('');
    expect(run.json()).toMatchObject({ unreadable: 0 });
  }, 60_000);
});
