import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  endOfString,
  endOfValue,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
} from './scan.js';

/** A property of an object or an element of an array, as it is in the text. */
export interface Member {
  readonly key: string | number;
  /** Offset of the property's key, or of the element. */
  readonly start: number;
  readonly valueStart: number;
  /** Offset just past the value. */
  readonly end: number;
}

/** Reads a key; keys are short, so a copy is cheap. */
export function keyText(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw;
}

/** The members of the object or array that begins at `start`, in order; undefined for a scalar. The text must be valid. */
export function membersAt(text: string, start: number): Member[] | undefined {
  const open = text.charCodeAt(start);
  if (open !== OPEN_OBJECT && open !== OPEN_ARRAY) return undefined;
  const members: Member[] = [];
  let at = skipSpace(text, start + 1);
  const first = text.charCodeAt(at);
  if (first === CLOSE_OBJECT || first === CLOSE_ARRAY) return members;
  for (;;) {
    const memberStart = at;
    let key: string | number = members.length;
    if (open === OPEN_OBJECT) {
      const keyEnd = endOfString(text, at);
      key = keyText(text, at, keyEnd);
      at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    const valueStart = at;
    const end = endOfValue(text, at);
    members.push({ key, start: memberStart, valueStart, end });
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) return members;
    at = skipSpace(text, at + 1);
  }
}
