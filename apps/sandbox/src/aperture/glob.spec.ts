import { describe, expect, it } from '@jest/globals';
import { globMatches } from './glob.js';

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
