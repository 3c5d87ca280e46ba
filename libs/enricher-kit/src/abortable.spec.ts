import { describe, expect, it } from '@jest/globals';
import { abortable } from './abortable.js';
import { VendorError } from './vendor-error.js';

const never = new Promise<string>(() => {});

describe('a promise whose waiter may leave', () => {
  it.each<[string, () => AbortSignal, string]>([
    ['a time limit that passes', () => AbortSignal.timeout(1), 'timeout'],
    ['a time limit among others', () => AbortSignal.any([AbortSignal.timeout(1)]), 'timeout'],
    ['a caller that leaves', () => AbortSignal.abort(), 'cancelled'],
    ['a reason of its own', () => AbortSignal.abort(new VendorError('overloaded', 'full')), 'overloaded'],
  ])('returns the cause after %s', async (_title, signal, kind) => {
    // AbortSignal.timeout does not keep the process running.
    const alive = setTimeout(() => {}, 1000);
    await expect(abortable(never, signal())).rejects.toMatchObject({ name: 'VendorError', kind });
    clearTimeout(alive);
  });
});
