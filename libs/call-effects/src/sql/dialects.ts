/** SQL dialects whose rules for quotes and comments differ. */
export type SqlDialect =
  | 'postgres'
  | 'mysql'
  | 'mssql'
  | 'oracle'
  | 'sqlite'
  | 'snowflake'
  | 'bigquery'
  | 'clickhouse'
  | 'generic';

/** How a dialect separates code from text. */
export interface LexicalRules {
  /** Quotes whose content is data. A quote inside is doubled. */
  readonly strings: string;
  /** Quotes whose content is an identifier. A quote inside is doubled. */
  readonly identifiers: string;
  /** `[name]` is an identifier. */
  readonly brackets: boolean;
  /** A backslash escapes the next character of a string. */
  readonly backslash: 'always' | 'e_strings' | 'never';
  /** `$tag$ … $tag$` is a string; `plain` has only `$$`. */
  readonly dollar: 'tagged' | 'plain' | 'no';
  /** `q'[ … ]'` is a string. */
  readonly oracleQuotes: boolean;
  /** Three quotes in a row open a string that three quotes end. */
  readonly tripleQuotes: boolean;
  /** Starts of a comment that the line ends; `-- ` needs white space after the dashes. */
  readonly lineComments: readonly string[];
  readonly nestedComments: boolean;
  /** The content of a comment that begins with an exclamation mark is code. */
  readonly executableComments: boolean;
}

const standard: LexicalRules = {
  strings: "'",
  identifiers: '"',
  brackets: false,
  backslash: 'never',
  dollar: 'no',
  oracleQuotes: false,
  tripleQuotes: false,
  lineComments: ['--'],
  nestedComments: false,
  executableComments: false,
};

/**
 * Sources: PostgreSQL 4.1 Lexical Structure; MySQL 9.1 and 11.7 (comments); Transact-SQL reference, Comments and
 * Database Identifiers; Oracle SQL Language Reference, Literals; SQLite, Language Keywords and Comment Syntax; Snowflake,
 * String and binary data types; GoogleSQL lexical structure; ClickHouse Syntax.
 */
const LEXICAL_RULES: Readonly<Record<Exclude<SqlDialect, 'generic'>, LexicalRules>> = {
  postgres: { ...standard, backslash: 'e_strings', dollar: 'tagged', nestedComments: true },
  mysql: {
    ...standard,
    strings: `'"`,
    identifiers: '`',
    backslash: 'always',
    lineComments: ['-- ', '#'],
    executableComments: true,
  },
  mssql: { ...standard, brackets: true, nestedComments: true },
  oracle: { ...standard, oracleQuotes: true },
  sqlite: { ...standard, identifiers: '"`', brackets: true },
  snowflake: { ...standard, backslash: 'always', dollar: 'plain', lineComments: ['--', '//'] },
  bigquery: {
    ...standard,
    strings: `'"`,
    identifiers: '`',
    backslash: 'always',
    tripleQuotes: true,
    lineComments: ['--', '#'],
  },
  clickhouse: {
    ...standard,
    identifiers: '"`',
    backslash: 'always',
    dollar: 'tagged',
    lineComments: ['--', '#!', '# '],
    nestedComments: true,
  },
};

/** Two dialects read a text without any of these alike. */
const DIALECT_MATTERS = /['"`[\]$#\\]|--|\/\*|\/\//;

/** The rules to read a text by: those of its dialect, or of all dialects where it is not known and they differ. */
export function rulesFor(dialect: SqlDialect, text: string): readonly LexicalRules[] {
  if (dialect !== 'generic') return [LEXICAL_RULES[dialect]];
  return DIALECT_MATTERS.test(text) ? Object.values(LEXICAL_RULES) : [LEXICAL_RULES.postgres];
}
