import type { JsonObject, ToolCall } from '@iris/contracts';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { EffectsOfCalls } from './effects-of-calls.js';

const effects = new EffectsOfCalls(loadCatalog({ path: 'policies/catalog.yaml' }));

function call(name: string, params: JsonObject | undefined): ToolCall {
  return { id: 'c1', name, phase: 'executed', paramsStatus: params === undefined ? 'not_object' : 'ok', params };
}

const checked = (name: string, params: JsonObject) =>
  effects.checked(call(name, params)).map(({ category, operation, environment }) => [category, operation, environment]);

describe('EffectsOfCalls', () => {
  it('asks nothing more about a call without effects, and reads each call once', () => {
    const read = call('Read', { file_path: '/x' });
    expect(effects.checked(read)).toEqual([]);
    expect(effects.of(read)).toBe(effects.of(read));
    expect(effects.of(call('Read', undefined))).toEqual({ effects: [], opaque: [] });
  });

  it('leaves out what the shell does to the machine itself', () => {
    expect(checked('Bash', { command: 'git status && ls -la' })).toEqual([]);
  });

  it('leaves out the effects of the tool itself', () => {
    expect(checked('WebFetch', { url: 'https://nodejs.org/api/', prompt: 'x' })).toEqual([]);
  });

  it('is the reach of a command', () => {
    expect(checked('Bash', { command: 'psql -h orders-prod.db.lumen.example -c "drop table x"' })).toEqual([
      ['database', 'delete', 'production'],
    ]);
  });

  it.each([
    ['select * from t', []],
    ['select 1; drop table t', [['database', 'delete', 'staging']]],
    [['select 1', { sql: 'truncate t' }], [['database', 'delete', 'staging']]],
  ])('takes the stricter of a database tool and its statement: %j', (sql, expected) => {
    const connection_string = 'postgres://orders-staging.db.lumen.example/orders';
    expect(checked('mcp__postgres__execute_sql', { sql: sql as never, connection_string })).toEqual(expected);
  });

  it('finds statements too complex that exceed the limit together', () => {
    const sql = Array.from({ length: 20 }, () => `select '${'x'.repeat(2000)}'`);
    expect(effects.of(call('mcp__postgres__execute_sql', { sql })).complexity).toBe('too_long');
  });

  it('judges the output of a command in the background by what the command does', () => {
    const before = call('Bash', {
      command: 'psql -h orders-prod.db.lumen.example -c "select 1"',
      run_in_background: true,
    });
    const inFront = call('Bash', { command: 'kubectl --context prod-eu get pods' });
    const output = call('BashOutput', { bash_id: 'bash_1' });
    const unrelated = call('BashOutput', { bash_id: 'bash_1' });
    effects.note([before, inFront, output]);
    effects.note([inFront, unrelated]);
    expect(effects.checked(output).map(({ category, environment }) => [category, environment])).toEqual([
      ['database', 'production'],
    ]);
    expect(effects.checked(unrelated)).toEqual([]);
  });

  it('judges what is typed by the session that it is typed into', () => {
    const session = call('exec_command', { cmd: 'psql -h orders-prod.db.lumen.example' });
    const typed = call('write_stdin', { session_id: 1, chars: 'select 1;\n' });
    effects.note([session, typed]);
    expect(effects.checked(typed).some(({ environment }) => environment === 'production')).toBe(true);
  });
});
