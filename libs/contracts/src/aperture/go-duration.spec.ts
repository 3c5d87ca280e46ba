import { describe, expect, it } from '@jest/globals';
import { goDurationMs } from './go-duration.js';

describe('goDurationMs', () => {
  it.each([
    ['0', 0],
    ['500ms', 500],
    ['5s', 5000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['1.s', 1000],
    ['.5s', 500],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['250μs', 0.25],
    ['100ns', 0.0001],
  ])('reads %s', (text, ms) => {
    expect(goDurationMs(text)).toBeCloseTo(ms, 6);
  });

  it.each(['', '5', 's', '.s', '5 s', '5sec', '-5s', '1..5s', '1.5.5s', '5S'])('does not read %j', (text) => {
    expect(goDurationMs(text)).toBeUndefined();
  });
});
