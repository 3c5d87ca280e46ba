import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvidenceRecord } from '@iris/evidence';
import { describe, expect, it } from '@jest/globals';
import { runIris } from './run-iris.js';

/** Records as each edition wrote them. */
const KEPT = 'libs/evidence/test/records';

const WITH_EFFECTS = 'schema-2-effects.jsonl';

describe.each(readdirSync(KEPT).filter((name) => name !== WITH_EFFECTS))(
  'the commands that read evidence take %s',
  (name) => {
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
    });
  },
);

describe('the commands that read evidence take records with effects', () => {
  const file = join(KEPT, WITH_EFFECTS);
  const denied = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EvidenceRecord)
    .find(({ effect }) => effect === 'DENY');

  it('report', async () => {
    const run = await runIris(['report', '--json', file]);
    expect(run.err).toBe('');
    expect(run.json()).toMatchObject({
      calls: 3,
      totals: { allowed: 2, blocked: 1, wouldBlock: 0 },
      effects: expect.arrayContaining([
        { name: 'psql: database delete, production', allowed: 0, wouldBlock: 0, blocked: 1 },
      ]),
    });
  });

  it('evidence, which shows each effect with its verdict', async () => {
    const run = await runIris(['evidence', 'show', denied?.id ?? '', file]);
    expect(run.err).toBe('');
    expect(run.out).toMatch(/psql\W+delete postgres\W+production\W+orders-prod\.db\.lumen\.example\W+DENY/);
  });

  it('replay, which asks about each effect as the gateway does', async () => {
    const run = await runIris(['replay', '--json', '--policies', 'policies/pack', file]);
    expect(run.err).toBe('');
    expect(run.json()).toMatchObject({ unreadable: 0, replayed: 3, changes: [] });
  });
});
