import { describe, expect, it } from '@jest/globals';
import { runIris } from './run-iris.js';

const explain = (tool: string, params?: object, ...more: string[]) =>
  runIris(['catalog', 'explain', tool, ...(params ? ['--params', JSON.stringify(params)] : []), ...more]);

describe('iris catalog explain', () => {
  it('shows the reading, and why the environment is what it is', async () => {
    const { code, out } = await explain('mcp__postgres__execute_sql', {
      connection_string: 'postgres://iris:hunter2pw@orders-staging.db.lumen.example,db7.cloud.example/orders_prod',
    });
    expect(code).toBe(0);
    for (const part of ['postgres', 'execute_sql', 'database', 'execute', 'production']) {
      expect(out).toContain(part);
    }
    expect(out).toMatch(/connection_string\W+orders-staging\.db\.lumen\.example\W+staging\W+the call goes there, by/);
    expect(out).toMatch(/connection_string\W+db7\.cloud\.example\W+not recognised/);
    expect(out).toMatch(/connection_string\W+\(not shown\)\W+production\W+can only make it stricter/);
    expect(out).toContain('database orders-staging.db.lumen.example, database db7.cloud.example');
    expect(out).not.toContain('hunter2pw');
  });

  it('shows anomalies, and what is not listed', async () => {
    const twice = await explain('mcp__postgres__execute_sql', { url: 'postgres://a-dev/x', URL: 'postgres://b-dev/x' });
    expect(twice.out).toContain('ambiguous_parameter');
    const evil = await explain('mcp__github-evil__get_payroll', {});
    expect(evil.code).toBe(1);
    expect(evil.out).toContain('not listed');
    expect(evil.out).toContain('github-evil');
  });

  it('shows what a command does: its parts, their targets, and what cannot be read', async () => {
    const command = "git status && sudo psql -h orders-prod -c 'drop table x'; kubectl delete ns x; eval $y";
    const { out } = await explain('Bash', { command });
    expect(out).toMatch(/psql -h orders-prod -c 'drop table x'\W+sudo\W+database\W+delete\W+orders-prod\W+production/);
    expect(out).toMatch(/kubectl delete ns x\W+infrastructure\W+delete\W+no target is named: counts as production/);
    expect(out).toContain('Parts that cannot be read: dynamic');
    const { json } = await explain('Bash', { command: 'psql -h orders-prod' }, '--json');
    expect(json()).toMatchObject({
      does: {
        effects: [{ program: 'psql', environment: 'production', target: 'orders-prod', span: { start: 0, end: 19 } }],
      },
    });
  });

  it('reads a declaration without parameters, and answers in JSON', async () => {
    const { code, json } = await explain('ReadMcpResourceTool', undefined, '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ classification: { category: 'agent', operation: 'read' } });
  });
});
