import { describe, expect, it } from '@jest/globals';
import { clock, dateAndClock, exactDuration, milliseconds, shortDuration } from './format.js';

describe('durations', () => {
  it.each([
    [0, '0 s', '0 s'],
    [40, '40 s', '40 s'],
    [732, '12 min 12 s', '12 min 12 s'],
    [93_784, '1 d 2 h 3 min 4 s', '1 d 2 h'],
    [59.6, '1 min', '1 min'],
  ])('of %d s are exact, or short', (seconds, exact, short) => {
    expect(exactDuration(seconds)).toBe(exact);
    expect(shortDuration(seconds)).toBe(short);
  });

  it.each([
    [0.44, '0.4 ms'],
    [12.3, '12 ms'],
    [1234, '1.2 s'],
  ])('of %d ms have the digits that are read', (value, expected) => {
    expect(milliseconds(value)).toBe(expected);
  });
});

describe('times', () => {
  it('are shown in UTC', () => {
    expect(clock('2026-11-29T01:02:03+02:00')).toBe('23:02:03');
    expect(dateAndClock('2026-11-29T01:02:03Z')).toBe('2026-11-29 01:02:03');
  });

  it('are shown as they came when they are none', () => {
    expect(clock('<i>')).toBe('<i>');
  });
});
