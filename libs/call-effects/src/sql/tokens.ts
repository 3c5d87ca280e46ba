import type { LexicalRules } from './dialects.js';

/** A token of SQL code. Comments are left out; the content of strings is not kept. */
export type SqlToken =
  | { readonly kind: 'word' /** In lower case. */; readonly text: string }
  /** One character that is neither a word nor a quote. */
  | { readonly kind: 'sign'; readonly text: string }
  | { readonly kind: 'number' }
  | { readonly kind: 'string' }
  | { readonly kind: 'identifier' /** In lower case, at most 64 characters. */; readonly text: string }
  /** A backslash command of a client such as psql or mysql: `\d`, `\!`. */
  | { readonly kind: 'client_command'; readonly text: string };

export interface SqlTokens {
  readonly tokens: readonly SqlToken[];
  /** Whether a string, an identifier or a comment has no end. */
  readonly unterminated: boolean;
}

/** `1.` ends before a word, so `1.delete` is a number and a word. */
const NUMBER = /0x[\da-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?/iy;
const WORD = /[\p{L}\p{N}_@$#]+/uy;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const CLIENT_COMMAND = /\\(?:[A-Za-z]+\+?|[^\s\w])?/y;
const ORACLE_QUOTE = /n?q'/iy;
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' };

/** The tokens of a text by the rules of one dialect. Linear in the text; never throws. */
export function sqlTokens(text: string, rules: LexicalRules): SqlTokens {
  const scanner = new SqlScanner(text, rules);
  return { tokens: scanner.scan(), unterminated: scanner.unterminated };
}

class SqlScanner {
  unterminated = false;
  readonly #text: string;
  readonly #rules: LexicalRules;
  readonly #tokens: SqlToken[] = [];
  /** How many executable comments are open. */
  #executable = 0;

  constructor(text: string, rules: LexicalRules) {
    this.#text = text;
    this.#rules = rules;
  }

  scan(): readonly SqlToken[] {
    let at = 0;
    while (at < this.#text.length) at = this.#step(at);
    return this.#tokens;
  }

  #step(at: number): number {
    const text = this.#text;
    const rules = this.#rules;
    const char = text.charAt(at);
    if (char === '/' && text.charAt(at + 1) === '*') return this.#comment(at);
    if (this.#executable > 0 && char === '*' && text.charAt(at + 1) === '/') {
      this.#executable -= 1;
      return at + 2;
    }
    if (this.#isLineComment(at)) {
      const end = text.indexOf('\n', at);
      return end === -1 ? text.length : end + 1;
    }
    if (rules.oracleQuotes && matchAt(ORACLE_QUOTE, text, at) !== undefined) return this.#oracleQuoted(at);
    if (rules.dollar !== 'no' && char === '$') {
      const tag = matchAt(DOLLAR_TAG, text, at);
      if (tag !== undefined && (rules.dollar === 'tagged' || tag === '$$')) return this.#until(at + tag.length, tag);
    }
    if (rules.strings.includes(char) || rules.identifiers.includes(char)) return this.#quoted(at, char);
    if (rules.brackets && char === '[') return this.#quoted(at, ']');
    if (char === '\\') {
      const command = matchAt(CLIENT_COMMAND, text, at) ?? char;
      this.#tokens.push({ kind: 'client_command', text: command.toLowerCase() });
      return at + command.length;
    }
    const number = matchAt(NUMBER, text, at);
    if (number !== undefined) return this.#number(at + number.length);
    const word = matchAt(WORD, text, at);
    if (word !== undefined) return this.#word(at, word);
    // White space, NUL and characters outside of ASCII separate.
    if (char > ' ' && char <= '~') this.#tokens.push({ kind: 'sign', text: char });
    return at + 1;
  }

  /** Some dialects take an exponent without digits, so that a word may begin after its letter. */
  #number(end: number): number {
    this.#tokens.push({ kind: 'number' });
    if (/e/i.test(this.#text.charAt(end))) {
      const word = matchAt(WORD, this.#text, end + 1);
      if (word !== undefined) this.#tokens.push({ kind: 'word', text: word.toLowerCase() });
    }
    return end;
  }

  #word(at: number, word: string): number {
    const comment = this.#rules.lineComments.some((start) => start.startsWith('#')) ? word.indexOf('#') : -1;
    const text = comment > 0 ? word.slice(0, comment) : word;
    this.#tokens.push({ kind: 'word', text: text.toLowerCase() });
    return at + text.length;
  }

  #isLineComment(at: number): boolean {
    return this.#rules.lineComments.some((start) => {
      if (!start.endsWith(' ')) return this.#text.startsWith(start, at);
      const mark = start.slice(0, -1);
      return this.#text.startsWith(mark, at) && (this.#text.charAt(at + mark.length) || ' ') <= ' ';
    });
  }

  #comment(at: number): number {
    const text = this.#text;
    if (this.#rules.executableComments) {
      const start = /\/\*M?!\d*/y;
      const mark = matchAt(start, text, at);
      if (mark !== undefined) {
        this.#executable += 1;
        return at + mark.length;
      }
    }
    const marks = this.#rules.nestedComments ? /\/\*|\*\//g : /\*\//g;
    marks.lastIndex = at + 2;
    for (let depth = 1; depth > 0; ) {
      const mark = marks.exec(text)?.[0];
      if (mark === undefined) return this.#open();
      depth += mark === '/*' ? 1 : -1;
    }
    return marks.lastIndex;
  }

  #quoted(at: number, quote: string): number {
    const text = this.#text;
    const isString = this.#rules.strings.includes(quote);
    if (isString && this.#rules.tripleQuotes && text.startsWith(quote.repeat(3), at)) {
      return this.#until(at + 3, quote.repeat(3));
    }
    const last = this.#tokens.at(-1);
    const isEscape = isString && last?.kind === 'word' && last.text === 'e' && /[eE]/.test(text.charAt(at - 1) || ' ');
    const escapes =
      isString && (this.#rules.backslash === 'always' || (this.#rules.backslash === 'e_strings' && isEscape));
    let end = at + 1;
    for (; end < text.length; end += 1) {
      const char = text.charAt(end);
      if (escapes && char === '\\') end += 1;
      else if (char === quote) {
        if (text.charAt(end + 1) !== quote) break;
        end += 1;
      }
    }
    if (end >= text.length) return this.#open();
    if (isString) this.#tokens.push({ kind: 'string' });
    else this.#tokens.push({ kind: 'identifier', text: text.slice(at + 1, Math.min(end, at + 65)).toLowerCase() });
    return end + 1;
  }

  #oracleQuoted(at: number): number {
    const open = this.#text.indexOf("'", at) + 1;
    const delimiter = this.#text.charAt(open);
    return this.#until(open + 1, `${CLOSING[delimiter] ?? delimiter}'`);
  }

  #until(from: number, closing: string): number {
    const end = this.#text.indexOf(closing, from);
    if (end === -1) return this.#open();
    this.#tokens.push({ kind: 'string' });
    return end + closing.length;
  }

  #open(): number {
    this.unterminated = true;
    return this.#text.length;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
