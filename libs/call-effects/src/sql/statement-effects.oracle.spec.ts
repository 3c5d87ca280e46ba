import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadModule, parseSync, scanSync } from 'libpg-query';
import { statementEffects } from './statement-effects.js';
import { SQL_OPERATIONS, type SqlOperation } from './statement-words.js';

await loadModule();

/** SQL that ships with Debian's PostgreSQL: catalog views, functions and the extensions' scripts. */
const PUBLISHED = '/usr/share/postgresql';

const READS =
  /^(?:Select|Explain|VariableShow|VariableSet|Transaction|DeclareCursor|ClosePortal|Fetch|Prepare|Deallocate|Discard|Listen|Unlisten|Constraints|CheckPoint|PLAssign|Return|Raw)/;
const DELETES = /^(?:Delete|Drop|Truncate)/;
const EXECUTES = /^(?:Call|Do|Execute|Load)Stmt$/;

/** The effects of a statement by PostgreSQL's own parser. */
function operationOf(node: unknown): SqlOperation {
  let strictest: SqlOperation = 'read';
  const raise = (to: SqlOperation) => {
    if (SQL_OPERATIONS.indexOf(to) < SQL_OPERATIONS.indexOf(strictest)) strictest = to;
  };
  const visit = (value: unknown) => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === 'object' && value !== null) {
      for (const [type, inner] of Object.entries(value)) {
        if (type.endsWith('Stmt') && /^[A-Z]/.test(type) && type !== 'RawStmt') raise(kindOf(type, inner));
        if (type === 'intoClause') raise('write');
        if (type === 'ExplainStmt' && !isAnalyze(inner)) continue;
        visit(inner);
      }
    }
  };
  visit(node);
  return strictest;
}

function kindOf(type: string, inner: { is_from?: boolean; is_program?: boolean }): SqlOperation {
  if (type === 'CopyStmt') return inner.is_program ? 'execute' : inner.is_from ? 'write' : 'export';
  if (DELETES.test(type)) return 'delete';
  if (EXECUTES.test(type)) return 'execute';
  return READS.test(type) ? 'read' : 'write';
}

function isAnalyze(explain: { options?: { DefElem?: { defname?: string } }[] }): boolean {
  return (explain.options ?? []).some((option) => option.DefElem?.defname === 'analyze');
}

function parsed(sql: string): unknown {
  try {
    return parseSync(sql);
  } catch {
    return undefined;
  }
}

function isLaxer(sql: string, tree: unknown, dialect: 'postgres' | 'generic'): boolean {
  const ours = SQL_OPERATIONS.indexOf(statementEffects(sql, dialect).operation);
  return ours > SQL_OPERATIONS.indexOf(operationOf(tree));
}

function publishedStatements(): string[] {
  if (!existsSync(PUBLISHED)) return [];
  const files = readdirSync(PUBLISHED, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sql'));
  return files.flatMap((file) => {
    const text = readFileSync(`${PUBLISHED}/${file}`, 'utf8').replace(/^\\.*$/gm, '');
    const bytes = Buffer.from(text);
    const tree = parsed(text) as { stmts?: { stmt_location?: number; stmt_len?: number }[] } | undefined;
    return (tree?.stmts ?? []).map(({ stmt_location: at = 0, stmt_len: length }) =>
      bytes.subarray(at, length === undefined ? undefined : at + length).toString(),
    );
  });
}

/** Words of all kinds in any order: what PostgreSQL accepts of it is compared. */
const word = fc.constantFrom(
  ...'select delete insert update from into values set where t x 1 * ( ) , ; as with returning explain analyze copy to'
    .split(' ')
    .concat(["'a;b'", "'it''s'", '"delete"', '$$ drop table x $$', '$a$ ; $a$', '/* x */', '-- c\n', "E'\\''", 'u.x']),
  ...'create table drop truncate call do execute grant on cascade view merge using when matched then for'.split(' '),
  ...'values(1) program stdin lock begin commit show all set_config prepare fetch next replace'.split(' '),
);

const TEMPLATES = [
  (a: string, b: string) => `WITH ${b} AS (${a}) SELECT * FROM ${b}`,
  (a: string) => `EXPLAIN ANALYZE ${a}`,
  (a: string) => `EXPLAIN (ANALYZE, VERBOSE) ${a}`,
  (a: string) => `PREPARE p AS ${a}`,
  (a: string, b: string) => `/* ${b} /* nested */ */ ${a}`,
  (a: string, b: string) => `SELECT '${b}'; ${a}`,
  (a: string, b: string) => `SELECT $${b}$ ; $${b}$; -- ${b}\n${a}`,
  (a: string) => `COPY (${a}) TO STDOUT`,
  (a: string, b: string) => `CREATE TABLE ${b} AS ${a}`,
  (a: string, b: string) => `SELECT "${b}" FROM x; ${a};`,
];
const BASES = [
  'DELETE FROM t',
  'delete from only t where a in (select 1) returning *',
  'UPDATE t SET a = 1 RETURNING a',
  'INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING RETURNING a',
  'SELECT a INTO b FROM t',
  'SELECT 1',
  'VALUES (1)',
  'TABLE t',
  'MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE',
];
const identifier = fc.constantFrom('a', 'b1', 'delete_log', 'x$y', 'é', 'updated');
const composed = fc.letrec<{ sql: string }>((tie) => ({
  sql: fc.oneof(
    { withCrossShrink: true, maxDepth: 4 },
    fc.constantFrom(...BASES),
    fc
      .tuple(tie('sql'), identifier, fc.constantFrom(...TEMPLATES))
      .map(([inner, name, template]) => template(inner, name)),
  ),
})).sql;

describe("statementEffects beside PostgreSQL's parser", () => {
  it('is never laxer on composed statements', () => {
    let accepted = 0;
    fc.assert(
      fc.property(composed, (sql) => {
        const tree = parsed(sql);
        if (tree === undefined) return;
        accepted += 1;
        expect({ sql, laxer: isLaxer(sql, tree, 'postgres') || isLaxer(sql, tree, 'generic') }).toEqual({
          sql,
          laxer: false,
        });
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  it('is never laxer on words in any order', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 9 }), (words) => {
        const sql = words.join(' ');
        const tree = parsed(sql);
        if (tree !== undefined) expect({ sql, laxer: isLaxer(sql, tree, 'postgres') }).toEqual({ sql, laxer: false });
      }),
      { numRuns: 20_000 },
    );
  });

  it('is never laxer on published statements, and mostly equal', () => {
    const statements = publishedStatements();
    if (statements.length === 0) {
      console.info(`no published statements: ${PUBLISHED} is missing; npm run verify installs it`);
      return;
    }
    let equal = 0;
    const laxer: string[] = [];
    for (const sql of statements) {
      const tree = parsed(sql);
      if (sql.length > 32_000 || tree === undefined) continue;
      if (isLaxer(sql, tree, 'postgres')) laxer.push(sql.slice(0, 200));
      if (statementEffects(sql, 'postgres').operation === operationOf(tree)) equal += 1;
    }
    expect(laxer).toEqual([]);
    console.info(`${statements.length} published statements, ${equal} with the same operation`);
    expect(equal / statements.length).toBeGreaterThan(0.8);
  });

  it('ends strings and comments where PostgreSQL does', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      '/*',
      '*/',
      '--',
      '\n',
      '\\',
      'E',
      'x',
      ' ',
      ';',
      '1',
      '.',
      'e',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const sql = `SELECT ${pieces.join('')}\nDELETE FROM t`;
        let tokens: { text: string }[];
        try {
          tokens = scanSync(sql).tokens;
        } catch {
          return;
        }
        const visible = tokens.some(({ text }) => text === 'DELETE');
        const tree = parsed(sql);
        if (tree !== undefined && visible && operationOf(tree) === 'delete') {
          expect({ sql, operation: statementEffects(sql, 'postgres').operation }).toEqual({ sql, operation: 'delete' });
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
