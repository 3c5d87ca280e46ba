import { describe, expect, it } from '@jest/globals';
import { FILTER_FIELDS, filterOf, fromLocalInput, toLocalInput, withoutValue, withValue } from './decision-filter.js';

const fieldOf = (key: string) => {
  const field = FILTER_FIELDS.find((one) => one.key === key);
  if (field === undefined) throw new Error(`no filter ${key}`);
  return field;
};

describe('the filters of an address', () => {
  it('are its parameters of these names, each with all its values', () => {
    const query = new URLSearchParams('tool=a&tool=b&effect=DENY&other=1&person=');
    expect(filterOf(query)).toEqual({ tool: ['a', 'b'], effect: ['DENY'] });
  });

  it('are times in one form, and left out when they are none', () => {
    const query = new URLSearchParams('from=2026-11-29T10:00:00%2B01:00&to=yesterday');
    expect(filterOf(query)).toEqual({ from: ['2026-11-29T09:00:00.000Z'] });
  });

  it('are bounded as the API has it', () => {
    const query = new URLSearchParams(Array.from({ length: 100 }, (_, index) => ['tool', `t${index}`]));
    query.append('person', 'x'.repeat(513));
    const { tool, person } = filterOf(query);
    expect([tool?.length, person]).toEqual([20, undefined]);
  });
});

describe('a filter', () => {
  it('takes several values, but one time', () => {
    const filter = withValue(withValue({}, fieldOf('tool'), 'a'), fieldOf('tool'), 'b');
    expect(filter.tool).toEqual(['a', 'b']);
    expect(withValue({ from: ['1'] }, fieldOf('from'), '2').from).toEqual(['2']);
  });

  it('loses a value', () => {
    expect(withoutValue({ tool: ['a', 'b'] }, 'tool', 'a').tool).toEqual(['b']);
  });
});

describe('a time in a form', () => {
  it('is UTC', () => {
    expect(fromLocalInput('2026-11-29T10:00:00')).toBe('2026-11-29T10:00:00.000Z');
    expect(toLocalInput('2026-11-29T10:00:00.000Z')).toBe('2026-11-29T10:00:00');
    expect(fromLocalInput('')).toBeUndefined();
  });
});
