import { Budget } from '@iris/decision';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { withinBudget } from './within-budget.js';

const BUDGET_MS = 1000;
const never = new Promise<string>(() => undefined);

describe('withinBudget', () => {
  let overtimes: number;
  const onOvertime = async () => {
    overtimes += 1;
    return 'late';
  };

  beforeEach(() => {
    jest.useFakeTimers();
    overtimes = 0;
  });
  afterEach(() => void jest.useRealTimers());

  it('gives the result of a step that ends in time, and leaves no timer', async () => {
    expect(await withinBudget(new Budget(BUDGET_MS), Promise.resolve('done'), onOvertime)).toBe('done');
    expect(jest.getTimerCount()).toBe(0);
    expect(overtimes).toBe(0);
  });

  it('passes on the error of a step, and leaves no timer', async () => {
    const failing = Promise.reject(new Error('broken'));
    await expect(withinBudget(new Budget(BUDGET_MS), failing, onOvertime)).rejects.toThrow('broken');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('answers before the budget ends when the step does not', async () => {
    const budget = new Budget(BUDGET_MS);
    const result = withinBudget(budget, never, onOvertime);
    await jest.runAllTimersAsync();
    expect(await result).toBe('late');
    expect(budget.remainingMs()).toBeGreaterThan(0);
    expect(overtimes).toBe(1);
  });

  it('counts what was used before the step began', async () => {
    const budget = new Budget(BUDGET_MS);
    jest.advanceTimersByTime(BUDGET_MS / 2);
    const result = withinBudget(budget, never, onOvertime);
    await jest.runAllTimersAsync();
    expect(await result).toBe('late');
    expect(budget.remainingMs()).toBeGreaterThan(0);
  });

  it.each([0, 1, 10])('gives a step of a budget of %d ms a chance, and answers all the same', async (totalMs) => {
    const done = withinBudget(new Budget(totalMs), Promise.resolve('done'), onOvertime);
    expect(await done).toBe('done');
    const late = withinBudget(new Budget(totalMs), never, onOvertime);
    await jest.runAllTimersAsync();
    expect(await late).toBe('late');
  });

  it('ignores how a step ends after its time', async () => {
    const step = Promise.withResolvers<string>();
    const result = withinBudget(new Budget(BUDGET_MS), step.promise, onOvertime);
    await jest.runAllTimersAsync();
    step.reject(new Error('too late to matter'));
    expect(await result).toBe('late');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no verdict');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no verdict'))],
  ])('rejects when the answer for overtime %s', async (_title, broken: () => Promise<string>) => {
    const result = withinBudget(new Budget(BUDGET_MS), never, broken);
    const rejected = expect(result).rejects.toThrow('no verdict');
    await jest.runAllTimersAsync();
    await rejected;
  });
});
