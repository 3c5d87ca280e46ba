import { describe, expect, it } from '@jest/globals';
import { globMatches } from './glob.js';
import { goDurationMs } from './go-duration.js';

describe('Go durations', () => {
  it.each([
    ['0', 0],
    ['500ms', 500],
    ['5s', 5000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250us', 0.25],
    ['.5s', 500],
  ])('%s', (text, ms) => {
    expect(goDurationMs(text)).toBeCloseTo(ms);
  });

  it.each(['', '5', 's', '5 s', '5sec', '-5s'])('refuses %j', (text) => {
    expect(() => goDurationMs(text)).toThrow(RangeError);
  });
});

describe('model globs', () => {
  it.each([
    ['**', 'anthropic/claude-sonnet-4-6', true],
    ['*', 'anthropic/claude-sonnet-4-6', false],
    ['anthropic/*', 'anthropic/claude-sonnet-4-6', true],
    ['*/gpt-5.?', 'openai/gpt-5.1', true],
    ['*/gpt-5.?', 'openai/gpt-551', false],
    ['bedrock/**', 'bedrock/arn:aws:bedrock:x/y', true],
  ])('%s on %s', (glob, model, expected) => {
    expect(globMatches(glob, model)).toBe(expected);
  });
});
