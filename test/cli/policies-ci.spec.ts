import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { packCases, recordOf } from '../bench/case-evidence.js';
import { runIris } from './run-iris.js';

jest.setTimeout(180_000);

const POLICY = (department: string) => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: aperture_hook
  version: default
  rules:
    - name: reads
      actions: ["*"]
      effect: EFFECT_ALLOW
      roles: [user]
      condition:
        match: { expr: '"department" in P.attr && P.attr.department == "${department}"' }
      output: { when: { ruleActivated: '{"allowed_by": "department"}' } }
`;
const SUITE = (department: string) => `name: Reads
principals: { p: { id: p, roles: [user], attr: { department: ${department} } } }
resources: { r: { id: r, kind: aperture_hook, policyVersion: default } }
tests:
  - name: reads
    input: { principals: [p], resources: [r], actions: [Read] }
    expected: [{ principal: p, resource: r, actions: { Read: EFFECT_ALLOW } }]
`;

describe('iris policies ci', () => {
  let folder: string;
  let evidence: string;
  let comment: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'iris-ci-'));
    const [base] = packCases();
    if (base === undefined) throw new Error('the pack has cases');
    const record = (index: number, department: string, effect: 'ALLOW' | 'DENY', id = department.toLowerCase()) =>
      recordOf(
        {
          ...base,
          principal: { id: `${id}|\`@all\``, roles: ['user'], attr: { kind: 'user', department } },
          action: 'Read',
          effect,
        },
        index,
      );
    const records = [
      record(0, 'Sales', 'ALLOW'),
      record(1, 'Sales', 'ALLOW'),
      record(2, 'IT', 'DENY'),
      record(3, 'HR', 'DENY'),
    ];
    evidence = join(folder, 'evidence.jsonl');
    writeFileSync(evidence, records.map((one) => JSON.stringify(one)).join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function ci(department: string, ...args: string[]) {
    const policies = mkdtempSync(join(folder, 'policies-'));
    writeFileSync(join(policies, 'p.yaml'), POLICY(department));
    writeFileSync(join(policies, 'p_test.yaml'), SUITE(department));
    comment = join(policies, '.comment.md');
    const run = await runIris(['policies', 'ci', policies, '--comment', comment, ...args]);
    return { code: run.code, err: run.err, text: readFileSync(comment, 'utf8') };
  }

  it('passes policies that decide as before', async () => {
    const { code, text } = await ci('Sales', '--evidence', evidence);
    expect(code).toBe(0);
    expect(text).toContain('4 recorded decisions replayed, **0 change**');
  });

  it('lists changed decisions by tool and person, those that open something first', async () => {
    const { code, text, err } = await ci('IT', '--evidence', evidence);
    expect({ code, err }).toEqual({ code: 1, err: '0 problems, 1 decisions change to ALLOW, 2 to DENY\n' });
    expect(text.indexOf('### DENY to ALLOW: 1')).toBeGreaterThan(0);
    expect(text.indexOf('### ALLOW to DENY: 2')).toBeGreaterThan(text.indexOf('### DENY to ALLOW: 1'));
    // Names of others are text: no mention, no end of the cell.
    expect(text).toContain("| `Read` | `it\\|'@all'` | 1 | `reads` |");
    expect(text).toContain("| `Read` | `sales\\|'@all'` | 2 | `none` |");
  });

  it('passes changes that are accepted, and no problem', async () => {
    await expect(ci('IT', '--evidence', evidence, '--accept-changes')).resolves.toMatchObject({ code: 0 });
    await expect(ci('IT" || true || "', '--accept-changes')).resolves.toMatchObject({ code: 1 });
  });

  it('reports what does not compile with its place, and replays nothing', async () => {
    const { code, text } = await ci('x" + V.none + "', '--evidence', evidence);
    expect(code).toBe(1);
    expect(text).toMatch(/✗ \d+ findings[\s\S]*p\.yaml:\d+:\d+: /);
    expect(text).toContain('No evidence was replayed.');
  });

  it('ends with 2 when the evidence cannot be read', async () => {
    const policies = mkdtempSync(join(folder, 'none-'));
    writeFileSync(join(policies, 'p.yaml'), POLICY('Sales'));
    const run = await runIris(['policies', 'ci', policies, '--evidence', join(folder, 'nowhere')]);
    expect(run.code).toBe(2);
  });
});

describe('the workflow', () => {
  it('calls the command with options that it has', async () => {
    const { jobs } = parse(readFileSync('.github/workflows/policies.yaml', 'utf8'));
    const text = (jobs.check.steps as { run?: string }[]).map(({ run = '' }) => run).join('\n');
    const { out } = await runIris(['policies', 'ci', '--help']);
    const options = [...new Set(text.slice(0, text.indexOf('gh pr')).match(/--(?!tsconfig|no-)[a-z-]+/g))];
    expect(options).toEqual(['--evidence', '--comment']);
    for (const option of [...options, '--accept-changes']) expect(out).toContain(option);
  });
});
