import { expect, it } from '@jest/globals';
import { MadeFromFacts } from './made-from-facts.js';

it('is made again for the first two uses of an object, and then kept', () => {
  let made = 0;
  const texts = new MadeFromFacts((facts) => {
    made += 1;
    return JSON.stringify(facts);
  });
  const facts = { department: 'Finance' };
  for (let use = 0; use < 5; use += 1) expect(texts.of(facts)).toBe('{"department":"Finance"}');
  expect(made).toBe(2);
  expect(texts.of({ department: 'Legal' })).toBe('{"department":"Legal"}');
  expect(made).toBe(3);
});
