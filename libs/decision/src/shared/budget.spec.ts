import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Budget } from './budget.js';

describe('Budget', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('counts down, on the whole and in a share, and never below 0', () => {
    const budget = new Budget(1000);
    expect([budget.remainingMs(), budget.remainingMsOfShare(60)]).toEqual([1000, 600]);
    jest.advanceTimersByTime(500);
    expect([budget.elapsedMs(), budget.remainingMs(), budget.remainingMsOfShare(60)]).toEqual([500, 500, 100]);
    jest.advanceTimersByTime(200);
    expect([budget.remainingMs(), budget.remainingMsOfShare(60)]).toEqual([300, 0]);
    jest.advanceTimersByTime(400);
    expect([budget.remainingMs(), budget.remainingMsOfShare(60)]).toEqual([0, 0]);
  });

  it('does not care when the clock on the wall is set', () => {
    const budget = new Budget(1000);
    jest.setSystemTime(0);
    expect(budget.remainingMs()).toBe(1000);
  });
});
