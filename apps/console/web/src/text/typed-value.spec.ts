import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { typedText, typedValue } from './typed-value.js';

describe('what is typed for a fact', () => {
  it.each([
    ['a text', 'Finance', 'IT', { value: 'Finance' }],
    ['a text that looks like a number', '12', 'CC-1', { value: '12' }],
    ['a text in quotes', '"12"', 'CC-1', { value: '12' }],
    ['a truth value', 'true', false, { value: true }],
    ['a list', '["a"]', ['b'], { value: ['a'] }],
    ['a new fact as JSON', '3', undefined, { value: 3 }],
    ['a new fact as text', 'on call', undefined, { value: 'on call' }],
  ])('is %s', (_title, text, recorded, expected) => {
    expect(typedValue(text, recorded)).toEqual(expected);
  });

  it.each([
    ['yes', false],
    ['"true"', false],
    ['a', ['a']],
    ['{}', ['a']],
  ])('is refused with the form it needs: %j', (text, recorded) => {
    expect(typedValue(text, recorded)).toHaveProperty('problem');
  });

  it('is the recorded fact when nothing was changed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(typedValue(typedText(value), value)).toEqual({ value: JSON.parse(JSON.stringify(value)) });
      }),
    );
  });
});
