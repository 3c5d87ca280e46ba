import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { packCases, recordOf } from '../bench/case-evidence.js';
import { runIris } from './run-iris.js';

jest.setTimeout(120_000);

const CALLS: readonly [tool: string, params: Record<string, unknown>][] = [
  ['Glob', { pattern: '*.ts' }],
  ['Bash', { command: 'psql postgres://orders-prod/x -c "delete from t"' }],
  ['mcp__postgres__query', { sql: 'DELETE FROM orders', connection_string: 'postgres://orders-staging/x' }],
  ['mcp__jira__jira_search', { jql: 'project = A' }],
];
const FACTS = { department: 'Engineering', employmentStatus: 'active', okta: { live: true } };

interface Replayed {
  readonly changed: number;
  readonly readOtherwise: number;
  readonly notReadAgain: number;
  readonly changes: { readonly tool: string; readonly to: string }[];
}

describe('iris replay --catalog', () => {
  let folder: string;
  let evidence: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'iris-replay-catalog-'));
    const facts = join(folder, 'facts.yaml');
    writeFileSync(facts, JSON.stringify({ attr: FACTS }));
    const [base] = packCases();
    if (base === undefined) throw new Error('the pack has cases');
    const records: EvidenceRecord[] = [];
    for (const [tool, params] of CALLS) {
      // What the gateway would give the PDP.
      const question = ['--login', 'ana@example.com', '--tool', tool, '--params', JSON.stringify(params)];
      const run = await runIris(['check', '--json', '--policies', 'policies', '--facts', facts, ...question]);
      const asked = run.json<{
        principal: typeof base.principal;
        calls: { effect: 'ALLOW' | 'DENY'; attr: typeof base.attr }[];
      }>();
      const [{ effect, attr }] = asked.calls as [(typeof asked.calls)[number]];
      records.push(recordOf({ principal: asked.principal, attr, action: tool, effect }, records.length));
    }
    evidence = join(folder, 'evidence.jsonl');
    writeFileSync(evidence, records.map((record) => JSON.stringify(record)).join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const replay = async (catalog: string) =>
    (
      await runIris(['replay', '--json', '--policies', 'policies/pack', '--catalog', catalog, evidence])
    ).json<Replayed>();

  it('changes nothing by the catalog that was in use', async () => {
    await expect(replay('policies/catalog.yaml')).resolves.toMatchObject({
      changed: 0,
      readOtherwise: 0,
      notReadAgain: 0,
    });
  });

  it('decides by what another catalog makes of the calls', async () => {
    const catalog = join(folder, 'catalog.yaml');
    const text = readFileSync('policies/catalog.yaml', 'utf8');
    writeFileSync(catalog, text.replace(/\bGlob\b/g, 'AnotherGlob'));
    const result = await replay(catalog);
    expect(result).toMatchObject({ changed: 1, readOtherwise: 1 });
    expect(result.changes).toMatchObject([{ tool: 'Glob', to: 'DENY' }]);
  });

  it('refuses a catalog that is not valid', async () => {
    const catalog = join(folder, 'broken.yaml');
    writeFileSync(catalog, 'entries: 7');
    const { code, err } = await runIris(['replay', '--policies', 'policies/pack', '--catalog', catalog, evidence]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('Tool catalog, key') });
  });
});
