import { describe, expect, it } from '@jest/globals';
import { OneDecisionPerRequest } from './one-decision-per-request.js';

describe('OneDecisionPerRequest', () => {
  it('runs decisions on one request one after the other, in the order in which they came', async () => {
    const requests = new OneDecisionPerRequest(undefined);
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const started: string[] = [];
    const decide = (name: string, until: Promise<string>) => () => {
      started.push(name);
      return until;
    };
    const all = [
      requests.inTurn('r1', 0, decide('first', first.promise)),
      requests.inTurn('r1', 0, decide('second', second.promise)),
      requests.inTurn('r1', 0, decide('third', Promise.resolve('3'))),
      requests.inTurn('r2', 0, decide('other', Promise.resolve('other'))),
    ];
    expect(await all[3]).toBe('other');
    expect(started).toEqual(['first', 'other']);
    first.resolve('1');
    expect(await all[0]).toBe('1');
    second.resolve('2');
    expect(await Promise.all(all)).toEqual(['1', '2', '3', 'other']);
    expect(started).toEqual(['first', 'other', 'second', 'third']);
  });

  it('continues after one that failed', async () => {
    const requests = new OneDecisionPerRequest(undefined);
    const failed = requests.inTurn('r1', 0, () => Promise.reject(new Error('no PDP')));
    const next = requests.inTurn('r1', 0, async () => 'decided');
    await expect(failed).rejects.toThrow('no PDP');
    expect(await next).toBe('decided');
  });

  it.each([undefined, ''])('does not hold back hooks whose request is %j', async (id) => {
    const requests = new OneDecisionPerRequest(undefined);
    const never = Promise.withResolvers<string>();
    void requests.inTurn(id, 0, () => never.promise);
    expect(await requests.inTurn(id, 0, async () => 'decided')).toBe('decided');
  });
});
