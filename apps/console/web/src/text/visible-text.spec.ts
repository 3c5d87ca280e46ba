import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clampText, visibleLine, visibleParts } from './visible-text.js';

const invisible = (text: string) =>
  visibleParts(text)
    .filter((part) => part.invisible)
    .map((part) => part.text);

describe('invisible characters', () => {
  it.each([
    ['a right-to-left override', 'abc\u202Etxt.exe', ['U+202E']],
    ['an escape sequence', '\u001b[31mred', ['U+001B']],
    ['a zero width space', 'pay\u200Bpal', ['U+200B']],
    ['tags that no font draws', '\u{E0041}\u{E0042}', ['U+E0041', 'U+E0042']],
    ['half a surrogate pair', 'a\uD800b', ['U+D800']],
    ['a filler that is blank', '\u3164', ['U+3164']],
    ['a pile of combining marks', `a${'\u0301'.repeat(40)}`, ['40 combining marks']],
  ])('are shown by number: %s', (_title, text, expected) => {
    expect(invisible(text)).toEqual(expected);
  });

  it.each(['<b onclick="x">&amp;</b>', 'שלום مرحبا', 'é à ñ 日本語 👍', 'a\tb\nc'])('leave %j as it is', (text) => {
    expect(visibleParts(text)).toEqual([{ text }]);
  });

  it('are found in linear time in a text of 1 MB', () => {
    expect(visibleParts('\u202Ea'.repeat(500_000))).toHaveLength(1_000_000);
  });

  it('never remain in what is shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const part of visibleParts(text)) expect(part.text).not.toMatch(/[^\P{C}\t\n]/u);
      }),
    );
  });
});

describe('a clamped text', () => {
  it('keeps surrogate pairs whole', () => {
    expect(clampText('a👍b', 2)).toEqual({ text: 'a', rest: 3 });
  });

  it('is one line with its invisible characters named', () => {
    expect(visibleLine('a\nb\u202E', 10)).toBe('a b⟨U+202E⟩');
    expect(visibleLine('x'.repeat(1_000_000), 5)).toBe('xxxxx…');
  });
});
