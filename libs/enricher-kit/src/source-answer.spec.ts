import { describe, expect, it } from '@jest/globals';
import { answerOf, unavailableAnswer } from './source-answer.js';

const limits = { freshSeconds: 30, staleSeconds: 120, notFoundSeconds: 10 };
const now = 1_764_000_000_000;

describe('the limits of an answer', () => {
  it('are those of the registry', () => {
    expect(answerOf({ status: 'FOUND', attributes: { onCall: true }, revision: '3' }, limits, now)).toEqual({
      status: 'FOUND',
      attributes: { onCall: true },
      observedAt: now,
      freshUntil: now + 30_000,
      staleUntil: now + 120_000,
      revision: '3',
    });
  });

  it('end with the first fact that ends', () => {
    const during = answerOf({ status: 'FOUND', attributes: {}, endsAt: now + 60_000 }, limits, now);
    expect(during).toMatchObject({ freshUntil: now + 30_000, staleUntil: now + 60_000 });
    const soon = answerOf({ status: 'FOUND', attributes: {}, endsAt: now + 5000.7 }, limits, now);
    expect(soon).toMatchObject({ freshUntil: now + 5000, staleUntil: now + 5000 });
    const over = answerOf({ status: 'FOUND', attributes: {}, endsAt: now - 1 }, limits, now);
    expect(over).toMatchObject({ freshUntil: now - 1, staleUntil: now - 1 });
  });

  it('are shorter for "not found", which is never stale', () => {
    expect(answerOf({ status: 'NOT_FOUND', reason: 'subject_ambiguous' }, limits, now)).toEqual({
      status: 'NOT_FOUND',
      attributes: {},
      observedAt: now,
      freshUntil: now + 10_000,
      staleUntil: now + 10_000,
      reason: 'subject_ambiguous',
    });
  });

  it('are over at once when there is no answer', () => {
    expect(unavailableAnswer('source_timeout', now)).toMatchObject({ status: 'UNAVAILABLE', staleUntil: now });
  });
});

describe('attributes', () => {
  it('hold no null, at any depth', () => {
    const attributes = { a: null, b: [1, null, { c: null, d: false }], e: { f: null }, g: '' };
    expect(answerOf({ status: 'FOUND', attributes }, limits, now).attributes).toEqual({
      b: [1, { d: false }],
      e: {},
      g: '',
    });
  });
});
