import {
  MAX_SQL_LENGTH,
  type SqlDialect,
  type SqlReading,
  statementEffects,
  stricterOperation,
} from '@iris/call-effects';
import type { Json, JsonObject } from '@iris/contracts';

/** Parameters in which database tools take statements. */
const STATEMENT = /^(?:sql|query|queries|statements?|sql_?(?:query|text|statement)|raw_?(?:sql|query)|ddl|dml)$/i;

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  sqlserver: 'mssql',
  mssql: 'mssql',
  oracle: 'oracle',
  sqlite: 'sqlite',
  snowflake: 'snowflake',
  bigquery: 'bigquery',
  clickhouse: 'clickhouse',
};

/**
 * What the statements of a database tool's call do at most; undefined when it has none. All together are read up to
 * `MAX_SQL_LENGTH`.
 *
 * @param system system of the tool in the catalog; another than those with a dialect is read by all dialects
 */
export function statementOfCall(params: JsonObject, system: string | undefined): SqlReading | undefined {
  const dialect = DIALECTS[system ?? ''] ?? 'generic';
  let strictest: SqlReading | undefined;
  let length = 0;
  for (const [key, value] of Object.entries(params)) {
    if (!STATEMENT.test(key)) continue;
    for (const sql of texts(value)) {
      length += sql.length;
      if (length > MAX_SQL_LENGTH) return { operation: 'delete', statements: 1, opaque: 'too_long' };
      const reading = statementEffects(sql, dialect);
      strictest = {
        operation: stricterOperation(strictest?.operation ?? 'read', reading.operation),
        statements: (strictest?.statements ?? 0) + reading.statements,
        ...((strictest?.opaque ?? reading.opaque) && { opaque: strictest?.opaque ?? reading.opaque }),
      };
    }
  }
  return strictest;
}

/** Texts in a list may be statements, or objects that hold one. */
function texts(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.flatMap((each) => {
    if (typeof each === 'string') return [each];
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return [];
    return Object.values(each).filter((inner) => typeof inner === 'string');
  });
}
