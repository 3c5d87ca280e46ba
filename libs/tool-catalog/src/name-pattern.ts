/** A name longer than this, in UTF-16 code units, matches no pattern. The MCP specification allows 128. */
export const MAX_NAME_LENGTH = 256;

/** The form that patterns must have; at most two wildcards keep matching fast whatever the name. */
export const NAME_PATTERN_FORM = 'a name with at most two *, for example list_* or get_file_contents';

/** One pattern for the name of a tool or server. */
export interface NamePattern {
  /** Without a wildcard. */
  readonly exact: boolean;
  matches(name: string): boolean;
}

/** Checks whether a text can be compiled to a pattern. */
export function isNamePattern(text: string): boolean {
  return text.length > 0 && text.length <= MAX_NAME_LENGTH && (text.match(/\*/g)?.length ?? 0) <= 2;
}

/**
 * Compiles a pattern. It is case-sensitive and matches whole names. `*` stands for any run of ASCII letters, digits,
 * `_`, `.` and `-` without a double underscore, which separates servers from tools. `-` stands for itself and `_`, since
 * agents write one for the other.
 */
export function compileNamePattern(text: string): NamePattern {
  const exact = !text.includes('*');
  const source = text
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/-/g, '[-_]'))
    .join('[A-Za-z0-9_.-]*');
  const expression = new RegExp(`^${source}$`);
  const mayHoldSeparator = exact || text.includes('__');
  return {
    exact,
    matches: (name) =>
      name.length <= MAX_NAME_LENGTH && (mayHoldSeparator || !name.includes('__')) && expression.test(name),
  };
}
