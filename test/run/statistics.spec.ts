import { describe, expect, it } from '@jest/globals';
import { statistics, wordsOf } from './statistics.js';

const { source, tests, byHand, words } = statistics();

describe('the repository', () => {
  it('has short files', () => {
    expect(source.p50).toBeLessThanOrEqual(690);
    expect(source.p90).toBeLessThanOrEqual(200);
    expect(tests.p90).toBeLessThanOrEqual(250);
  });

  it('takes a vendor, a format and a setting in few places beside their own', () => {
    expect(byHand.vendor.length).toBeLessThanOrEqual(1);
    expect(byHand.format.length).toBeLessThanOrEqual(1);
    expect(byHand.setting.length).toBeLessThanOrEqual(1);
  });

  it('has documentation that can be read', () => {
    expect(words).toBeGreaterThan(5000);
    expect(words).toBeLessThanOrEqual(22_600);
  });
});

describe('words', () => {
  it.each([
    ['prose', 'Two words.', 2],
    ['a link, without its target', 'see [the page](../a/long/path.md)', 3],
    ['a table, without its rules', '| a | b |\n| --- | --- |\n| c | d |', 4],
    ['no code block', 'run\n```sh\nnpm run verify\n```\nnow', 2],
  ])('are counted in %s', (_title, text, expected) => {
    expect(wordsOf(text)).toBe(expected);
  });
});
