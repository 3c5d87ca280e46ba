/** Where an expression of CEL can be split. It is never evaluated here: the PDP does that. */
interface Operators {
  /** Offsets of `&&` outside of brackets, texts and comments. */
  readonly and: readonly number[];
  readonly or: readonly number[];
  /** Whether `? :` is the outermost operator. */
  readonly isTernary: boolean;
}

/** The parts that `&&` joins at the outermost level, outer brackets removed; one part when another operator binds less. */
export function conjuncts(expression: string): string[] {
  const text = unwrapped(expression);
  const { and, or, isTernary } = operatorsOf(text);
  if (isTernary || or.length > 0 || and.length === 0) return [text];
  return splitAt(text, and).flatMap(conjuncts);
}

/** The parts that `||` joins at the outermost level, outer brackets removed. */
export function disjuncts(expression: string): string[] {
  const text = unwrapped(expression);
  const { or, isTernary } = operatorsOf(text);
  return isTernary || or.length === 0 ? [text] : splitAt(text, or).flatMap(disjuncts);
}

function splitAt(text: string, offsets: readonly number[]): string[] {
  const starts = [0, ...offsets.map((offset) => offset + 2)];
  return starts.map((start, index) => text.slice(start, offsets[index] ?? text.length));
}

/** Without brackets around the whole. */
function unwrapped(expression: string): string {
  const text = expression.trim();
  if (!text.startsWith('(')) return text;
  let depth = 0;
  for (const { character, offset } of code(text)) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) return offset === text.length - 1 ? unwrapped(text.slice(1, -1)) : text;
  }
  return text;
}

function operatorsOf(text: string): Operators {
  const and: number[] = [];
  const or: number[] = [];
  let isTernary = false;
  let depth = 0;
  let previous = { character: '', offset: -2 };
  for (const at of code(text)) {
    const { character, offset } = at;
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth === 0) {
      const isPair = previous.character === character && previous.offset === offset - 1;
      if (character === '&' && isPair && and.at(-1) !== offset - 2) and.push(offset - 1);
      if (character === '|' && isPair && or.at(-1) !== offset - 2) or.push(offset - 1);
      // `a.?b` selects an optional field.
      if (character === '?' && previous.character !== '.') isTernary = true;
    }
    previous = at;
  }
  return { and, or, isTernary };
}

/** Comments, and literals of texts and bytes, raw or not. Source: https://github.com/google/cel-spec, langdef.md */
const SKIPPED =
  /\/\/[^\n]*|(?<raw>[bB]?[rR][bB]?)(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')|"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y;

/** The characters outside of texts and comments. */
function* code(text: string): Generator<{ character: string; offset: number }> {
  for (let offset = 0; offset < text.length; ) {
    SKIPPED.lastIndex = offset;
    const isInsideName = /[\w]/.test(text[offset - 1] ?? '');
    const skipped = SKIPPED.exec(text);
    if (skipped !== null && !(isInsideName && skipped.groups?.raw)) {
      offset += skipped[0].length;
      continue;
    }
    yield { character: text[offset] ?? '', offset };
    offset += 1;
  }
}
