/** A piece of a text: either plain, or one character that would not be seen and is shown by its number instead. */
export interface TextPart {
  readonly text: string;
  readonly invisible?: true;
  /** What the character is, where it has a name that helps. */
  readonly name?: string;
}

const NAMES: Readonly<Record<string, string>> = {
  'U+0000': 'null',
  'U+0007': 'bell',
  'U+0008': 'backspace',
  'U+001B': 'escape',
  'U+007F': 'delete',
  'U+00AD': 'soft hyphen',
  'U+061C': 'Arabic letter mark',
  'U+200B': 'zero width space',
  'U+200C': 'zero width non-joiner',
  'U+200D': 'zero width joiner',
  'U+200E': 'left-to-right mark',
  'U+200F': 'right-to-left mark',
  'U+202A': 'left-to-right embedding',
  'U+202B': 'right-to-left embedding',
  'U+202C': 'pop directional formatting',
  'U+202D': 'left-to-right override',
  'U+202E': 'right-to-left override',
  'U+2028': 'line separator',
  'U+2029': 'paragraph separator',
  'U+2060': 'word joiner',
  'U+2066': 'left-to-right isolate',
  'U+2067': 'right-to-left isolate',
  'U+2068': 'first strong isolate',
  'U+2069': 'pop directional isolate',
  'U+FEFF': 'byte order mark',
};

/**
 * Control and format characters, separators of lines, lone surrogates, private and unassigned characters, fillers that
 * are blank, variation selectors, and more combining marks on one letter than any script uses. Tab and line feed are
 * plain. Source: Unicode general categories; UTS 39, section 5.4.
 */
const INVISIBLE =
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Variation_Selector}\u115F\u1160\u3164\uFFA0]|\u17B4|\u17B5|\p{M}{5,}/gu;

/** The pieces of a text, in order. Linear in its length. */
export function visibleParts(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push(partOf(match[0]));
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

function partOf(character: string): TextPart {
  if (/^\p{M}{2}/u.test(character)) return { text: `${[...character].length} combining marks`, invisible: true };
  const text = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return { text, invisible: true, ...(NAMES[text] && { name: NAMES[text] }) };
}

/** The same as one line, for a title, a label or an attribute, cut to a number of UTF-16 units. */
export function visibleLine(text: string, limit = 120): string {
  const { text: start, rest } = clampText(text, limit);
  const line = visibleParts(start)
    .map((part) => (part.invisible ? `⟨${part.text}⟩` : part.text))
    .join('')
    .replace(/\s+/g, ' ');
  return rest === 0 ? line : `${line}…`;
}

/** The start of a text and how many UTF-16 units are left. A surrogate pair is not cut. */
export function clampText(text: string, limit: number): { readonly text: string; readonly rest: number } {
  if (text.length <= limit) return { text, rest: 0 };
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return { text: text.slice(0, end), rest: text.length - end };
}
