import { rulesFor, type SqlDialect } from './dialects.js';
import {
  FIRST_WORDS,
  FUNCTIONS,
  HARMLESS_CLIENT_COMMANDS,
  INNER_WORDS,
  NO_STATEMENT,
  SET_WORDS,
  SQL_OPERATIONS,
  type SqlOperation,
} from './statement-words.js';
import { type SqlToken, sqlTokens } from './tokens.js';

/** Longest text that is read, in UTF-16 units. */
export const MAX_SQL_LENGTH = 32_768;

/** What a text of SQL does at most. */
export interface SqlReading {
  /** The most restrictive operation of all its statements. */
  readonly operation: SqlOperation;
  /** How many statements it holds; separators inside of blocks count. */
  readonly statements: number;
  /** Why the text is not fully understood. */
  readonly opaque?: 'too_long' | 'unparsable';
}

/**
 * Reads what SQL does from its tokens: the strictest statement counts, in any place. Never laxer than the kind that a
 * full parser finds; sometimes stricter, for words that a dialect also takes as names. A text that exceeds
 * `MAX_SQL_LENGTH` is not read and counts as the strictest. Linear; never throws.
 *
 * @param dialect `generic` when it is not known: the strictest reading of all dialects counts
 */
export function statementEffects(sql: string, dialect: SqlDialect = 'generic'): SqlReading {
  if (sql.length > MAX_SQL_LENGTH) return { operation: 'delete', statements: 1, opaque: 'too_long' };
  let strictest: SqlReading = { operation: 'read', statements: 0 };
  for (const rules of rulesFor(dialect, sql)) {
    const { tokens, unterminated } = sqlTokens(sql, rules);
    const reading = readStatements(tokens);
    strictest = {
      operation: stricter(strictest.operation, reading.operation),
      statements: Math.max(strictest.statements, reading.statements),
      ...((unterminated || strictest.opaque) && { opaque: 'unparsable' }),
    };
  }
  // Not every dialect that is tried is the right one, so an open quote alone proves little where several are.
  return dialect !== 'generic' && strictest.opaque
    ? { ...strictest, operation: stricter(strictest.operation, 'execute') }
    : strictest;
}

function stricter(a: SqlOperation, b: SqlOperation): SqlOperation {
  return SQL_OPERATIONS.indexOf(a) <= SQL_OPERATIONS.indexOf(b) ? a : b;
}

function readStatements(tokens: readonly SqlToken[]): { operation: SqlOperation; statements: number } {
  let operation: SqlOperation = 'read';
  let statements = 0;
  let first: string | undefined;
  let copies = false;
  const raise = (to: SqlOperation) => {
    operation = stricter(operation, to);
  };
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'sign' && token.text === ';') {
      first = undefined;
      copies = false;
      continue;
    }
    if (token.kind === 'client_command') {
      raise(clientCommand(token.text));
      if (/^\\copy/.test(token.text)) copies = true;
      if (first === undefined) statements += 1;
      first ??= token.text;
      continue;
    }
    if (first === undefined) {
      if (token.kind === 'sign' && '()/'.includes(token.text)) continue;
      statements += 1;
      first = token.kind === 'word' ? token.text : '';
      raise(firstWord(first, token, tokens[index + 1]));
      copies = first === 'copy';
    }
    if (token.kind === 'identifier' && isSign(tokens[index + 1], '(')) raise(FUNCTIONS.get(token.text) ?? 'read');
    if (first === 'pragma' && isSign(token, '=')) raise('write');
    // psql runs what stands between backquotes of a client command.
    if (first?.startsWith('\\') && isSign(token, '`')) raise('execute');
    if (token.kind !== 'word') continue;
    if (copies && (token.text === 'to' || token.text === 'from' || token.text === 'program')) raise(COPY[token.text]);
    raise(innerWord(token.text, first, tokens[index - 1], tokens[index + 1]));
    const isSetting = first === 'set' || first === 'alter';
    if (SET_WORDS.has(token.text.replace(/^@+/, '')) && (isSetting || token.text.includes('_strings')))
      raise('execute');
  }
  return { operation, statements };
}

const COPY = { to: 'export', from: 'write', program: 'execute' } as const;

function clientCommand(text: string): SqlOperation {
  return HARMLESS_CLIENT_COMMANDS.test(text) ? 'read' : 'execute';
}

function firstWord(word: string, token: SqlToken, next: SqlToken | undefined): SqlOperation {
  if (token.kind === 'sign' && token.text === '.' && next?.kind === 'word') return clientCommand(`.${next.text}`);
  if (token.kind === 'sign' && token.text === '@') return 'execute';
  if (word === 'copy') return 'write';
  return FIRST_WORDS.get(word) ?? 'execute';
}

const NAME_SIGN = /^[,=<>+|&!~%^]$/;

/** A word that follows a dot, a comma or an operator, or that one of those follows, is a name. */
function innerWord(
  word: string,
  first: string,
  before: SqlToken | undefined,
  after: SqlToken | undefined,
): SqlOperation {
  const called = FUNCTIONS.get(word);
  if (called !== undefined && (isSign(after, '(') || (isSign(after, '.') && PACKAGE.test(word)))) return called;
  const operation = INNER_WORDS.get(word);
  if (operation === undefined) return 'read';
  if (before?.kind === 'sign' && (before.text === '.' || NAME_SIGN.test(before.text))) return 'read';
  if (after?.kind === 'sign' && (after.text === ')' || NAME_SIGN.test(after.text))) return 'read';
  if (isSign(after, '(') && (word === 'truncate' || word === 'insert')) return 'read';
  if (isWord(before, NO_STATEMENT[word]?.before) || isWord(after, NO_STATEMENT[word]?.after)) return 'read';
  const definesKey = (first === 'create' || first === 'alter') && isWord(before, /^on$/);
  return definesKey && isWord(after, /^(?:cascade|restrict|set|no)$/) ? 'read' : operation;
}

/** A package of functions, which a dot follows. */
const PACKAGE = /^(?:utl|dbms)_/;

function isSign(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

function isWord(token: SqlToken | undefined, pattern: RegExp | undefined): boolean {
  return token?.kind === 'word' && pattern !== undefined && pattern.test(token.text);
}
