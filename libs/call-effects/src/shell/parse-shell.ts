import { type ParsedScript, parse } from 'unbash';
import type { EffectLimits } from '../limits.js';

/** A shell text, parsed as far as that is possible. */
export type ParsedShell =
  | { readonly script: ParsedScript; readonly text: string; readonly unparsable: boolean }
  | { readonly script?: undefined; readonly text: string; readonly refused: 'too_long' | 'too_deep' | 'unparsable' };

/**
 * Parses Bash; other shells as far as they agree with it. Line ends of other systems count as line ends, and NUL, which
 * Bash leaves out, is left out. Never throws: a text beyond the limits is refused, and so is one that the parser fails on.
 */
export function parseShell(source: string, limits: EffectLimits): ParsedShell {
  if (source.length > limits.maxCommandLength) return { text: '', refused: 'too_long' };
  const text = source.replace(/\r\n?/g, '\n').replaceAll('\0', '');
  if (bracketDepth(text) > limits.maxBracketDepth) return { text, refused: 'too_deep' };
  try {
    const script = parse(text);
    return { script, text, unparsable: (script.errors?.length ?? 0) > 0 || source.includes('\0') };
  } catch (error) {
    return { text, refused: error instanceof RangeError ? 'too_deep' : 'unparsable' };
  }
}

/** Depth of brackets, those in quotes and comments included, and of words that open a block. */
function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const { 0: sign } of text.matchAll(
    /[([{)\]}]|\\+`|(?<![\w-])(?:if|case|while|until|for|select|fi|esac|done)(?![\w-])/g,
  )) {
    if (/^(?:[)\]}]|fi|esac|done)$/.test(sign)) depth = Math.max(0, depth - 1);
    else if (sign.startsWith('\\')) deepest = Math.max(deepest, sign.length);
    else depth += 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
