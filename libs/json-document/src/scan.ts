/**
 * Structural scanning of JSON text. Strings are skipped by `indexOf`, so a base64 image of many MB costs no more than
 * a memory search and is never copied. The grammar itself is not checked here: `JSON.parse` has that duty.
 */

export const QUOTE = 34;
const BACKSLASH = 92;
export const COMMA = 44;
const COLON = 58;
export const OPEN_ARRAY = 91;
export const CLOSE_ARRAY = 93;
export const OPEN_OBJECT = 123;
export const CLOSE_OBJECT = 125;

/** Offset just past the string that begins at `start`; the length of the text when the string has no end. */
export function endOfString(text: string, start: number): number {
  let quote = start;
  for (;;) {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) return text.length;
    let run = quote - 1;
    while (text.charCodeAt(run) === BACKSLASH) run -= 1;
    if (((quote - run) & 1) === 1) return quote + 1;
  }
}

/** Offset of the first character at or after `offset` that is no JSON white space. */
export function skipSpace(text: string, offset: number): number {
  let at = offset;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at += 1;
  }
}

/** Offset just past the value that begins at `start`. The text must be valid JSON. */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return endOfScalar(text, start);
  let depth = 0;
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    at += 1;
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= 32) break;
    at += 1;
  }
  return at;
}

/** What the text is made of. */
export interface Shape {
  readonly depth: number;
  /** Properties of all objects together. */
  readonly properties: number;
  /** Values of all kinds; an empty container that holds white space may count for one more. */
  readonly nodes: number;
}

export interface ShapeLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

/**
 * Measures the text in one pass, before anything is built from it; stops early, with what it counted, once it exceeds a
 * limit. The time is linear in the text, and no memory is used.
 */
export function measure(text: string, { maxDepth, maxNodes }: ShapeLimits): Shape {
  let depth = 0;
  let deepest = 0;
  let properties = 0;
  let nodes = 1;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    at += 1;
    if (code === COMMA) nodes += 1;
    else if (code === COLON) properties += 1;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      const next = text.charCodeAt(at);
      if (next !== CLOSE_OBJECT && next !== CLOSE_ARRAY) nodes += 1;
      depth += 1;
      if (depth > deepest) {
        deepest = depth;
        if (deepest > maxDepth) break;
      }
      if (nodes > maxNodes) break;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
  }
  return { depth: deepest, properties, nodes };
}
