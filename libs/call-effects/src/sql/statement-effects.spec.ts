import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { SqlDialect } from './dialects.js';
import { MAX_SQL_LENGTH, statementEffects } from './statement-effects.js';

const CASES = parse(readFileSync(new URL('./statement-cases.yaml', import.meta.url), 'utf8')) as {
  readonly sql: string;
  readonly operation: string;
  readonly dialect?: SqlDialect;
}[];

describe('statementEffects', () => {
  it.each(CASES.map(({ sql, operation, dialect }) => [sql, operation, dialect] as const))(
    '%j is %s',
    (sql, operation, dialect) => {
      expect(statementEffects(sql, dialect).operation).toBe(operation);
    },
  );

  it('counts statements', () => {
    expect(statementEffects('select 1; select 2;; ').statements).toBe(2);
  });

  it('does not read a text that exceeds the limit, and counts it as the strictest', () => {
    const text = `select '${'x'.repeat(MAX_SQL_LENGTH)}'`;
    expect(statementEffects(text)).toEqual({ operation: 'delete', statements: 1, opaque: 'too_long' });
  });

  it('reports an open string of a named dialect', () => {
    expect(statementEffects("select 'x", 'postgres').opaque).toBe('unparsable');
  });

  it('never throws, and an unknown dialect is never laxer than a named one', () => {
    const dialects: SqlDialect[] = ['postgres', 'mysql', 'mssql', 'oracle', 'sqlite', 'snowflake', 'bigquery'];
    const rank = ['delete', 'execute', 'export', 'write', 'read'];
    const piece = fc.constantFrom(..."' \" ` [ ] $$ /* */ -- # \\ ; drop delete select e q' 1. \n x ( )".split(' '));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 12 }),
        (parts) => {
          const sql = parts.join(' ');
          const generic = rank.indexOf(statementEffects(sql).operation);
          for (const dialect of dialects) {
            const { operation, opaque } = statementEffects(sql, dialect);
            if (opaque === undefined) expect(generic).toBeLessThanOrEqual(rank.indexOf(operation));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
