import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BufferedBytes } from './buffered-bytes.js';

const MIB = 1024 * 1024;

describe('BufferedBytes', () => {
  it('refuses what exceeds the limit, and gives back what a body took', () => {
    const buffered = new BufferedBytes(8 * MIB);
    const first = buffered.account();
    expect(first.reserve(5 * MIB, 5 * MIB)).toBe(true);
    const second = buffered.account();
    expect(second.reserve(3 * MIB, 3 * MIB)).toBe(false);
    first.release();
    expect(second.reserve(3 * MIB, 3 * MIB)).toBe(true);
  });

  it('keeps a share for small bodies while large ones use the rest', () => {
    const buffered = new BufferedBytes(8 * MIB);
    expect(buffered.account().reserve(7 * MIB, 7 * MIB)).toBe(true);
    expect(buffered.account().reserve(1000, 20 * MIB)).toBe(false);
    expect(buffered.account().reserve(1000, 1000)).toBe(true);
    expect(buffered.account().reserve(1000, 0)).toBe(true);
  });

  it('never counts more than the limit, and nothing once every body is released', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 * MIB })), (sizes) => {
        const buffered = new BufferedBytes(8 * MIB);
        const accounts = sizes.map((size) => {
          const account = buffered.account();
          return { account, taken: account.reserve(size, size) ? size : 0 };
        });
        expect(accounts.reduce((sum, { taken }) => sum + taken, 0)).toBeLessThanOrEqual(8 * MIB);
        for (const { account } of accounts) account.release();
        expect(buffered.account().reserve(7 * MIB, 7 * MIB)).toBe(true);
      }),
    );
  });
});
