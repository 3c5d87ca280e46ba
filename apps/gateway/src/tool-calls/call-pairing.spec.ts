import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CallIds } from './call-ids.js';
import { CallPairing } from './call-pairing.js';
import type { FoundCall, FoundResult } from './found-call.js';
import { callDigest } from './tool-params.js';
import { TurnPairing } from './turn-pairing.js';

function call(name: string): FoundCall {
  return { name, rawArguments: undefined, paramsStatus: 'empty', params: {} };
}

function result(index: number, name?: string): FoundResult {
  return { path: ['results', index], inNewestTurn: true, ...(name === undefined ? {} : { name }) };
}

describe('CallIds', () => {
  it.each([10, 1000, 20_000])('tries at most two ids for each of %i calls that look like made ones', (count) => {
    const digest = callDigest(call('f'));
    const ids = new CallIds();
    const made: string[] = [];
    for (let index = 1; index <= count; index += 1) made.push(ids.idOf(`call~${digest}~${index}`, call('f')));
    for (let index = 0; index < count; index += 1) made.push(ids.idOf(undefined, call('f')));
    expect(new Set(made).size).toBe(2 * count);
    expect(ids.steps).toBeLessThanOrEqual(2 * made.length);
  });

  it('gives the calls of a history the ids that they have in every longer history', () => {
    const providerIds = fc.array(fc.constantFrom(undefined, 'a', 'b', `call~${callDigest(call('f'))}~1`));
    fc.assert(
      fc.property(providerIds, fc.nat(), (all, cut) => {
        const idsOf = (some: (string | undefined)[]) => {
          const ids = new CallIds();
          return some.map((id) => ids.idOf(id, call('f')));
        };
        const shorter = all.slice(0, cut % (all.length + 1));
        expect(idsOf(all).slice(0, shorter.length)).toEqual(idsOf(shorter));
        expect(new Set(idsOf(all)).size).toBe(all.length);
      }),
    );
  });
});

describe('CallPairing', () => {
  it('holds one list of results for all calls that are answered together', () => {
    const pairing = new CallPairing();
    const count = 20_000;
    for (let index = 0; index < count; index += 1) pairing.call('id:a', 'a', call('f'));
    for (let index = 0; index < count; index += 1) pairing.result('id:a', 'a', result(index));
    const { executed } = pairing.paired();
    expect(executed).toHaveLength(count);
    expect(new Set(executed.map(({ results }) => results)).size).toBe(1);
    expect(executed[0]).toMatchObject({ resultCount: count, anomalies: ['shared_id', 'several_results'] });
  });

  it('begins again with an id after a result', () => {
    const pairing = new CallPairing();
    pairing.call('id:a', 'a', call('f'));
    pairing.result('id:a', 'a', result(0));
    pairing.call('id:a', 'a', call('g'));
    pairing.result('id:a', 'a', result(1));
    const { executed } = pairing.paired();
    expect(executed.map(({ name, results }) => [name, ...results])).toEqual([
      ['f', ['results', 0]],
      ['g', ['results', 1]],
    ]);
    expect(executed.every(({ anomalies }) => anomalies === undefined)).toBe(true);
  });

  it('judges a result without its call as unknown, whatever name it states', () => {
    const pairing = new CallPairing();
    pairing.result('id:a', 'a', result(0, 'read_file'));
    expect(pairing.paired().executed).toMatchObject([
      { id: 'a', name: 'unknown', callVisible: false, anomalies: ['call_missing'] },
    ]);
  });
});

describe('TurnPairing', () => {
  /** For each result, the names of the calls that it answers; a result answers at least one. */
  function paired(calls: [string, string?][], results: [string | undefined, string?][], unknownIdAnswers = false) {
    const pairing = new CallPairing();
    const turn = new TurnPairing(pairing, { unknownIdAnswers });
    for (const [name, id] of calls) turn.call('call', id, call(name));
    for (const [index, [name, id]] of results.entries()) turn.result('call', id, result(index, name));
    turn.endTurn();
    const { executed, unanswered } = pairing.paired();
    const answered = results.map((_, index) =>
      executed.filter((one) => one.results.some((path) => path[1] === index)).map(({ name }) => name),
    );
    return { answered, executed, unanswered: unanswered.map(({ name }) => name) };
  }

  it.each([
    ['by position', [['f'], ['g']], [[undefined], [undefined]], [['f'], ['g']]],
    [
      'by id, in any order',
      [
        ['f', 'a'],
        ['g', 'b'],
      ],
      [
        ['g', 'b'],
        ['f', 'a'],
      ],
      [['g'], ['f']],
    ],
    [
      'a result without an id with the next call that is not answered by id',
      [
        ['f', 'a'],
        ['g', 'b'],
      ],
      [[undefined, 'a'], [undefined]],
      [['f'], ['g']],
    ],
    ['a result too many with no call', [['f']], [[undefined], ['f']], [['f'], ['unknown']]],
    ['a result of another id with no call', [['f']], [['f', 'x']], [['unknown']]],
  ] as [string, [string, string?][], [string | undefined, string?][], string[][]][])(
    'pairs %s',
    (_, calls, results, expected) => {
      expect(paired(calls, results).answered).toEqual(expected);
    },
  );

  it('lets all calls share the results of a turn whose names contradict the position', () => {
    const { answered, executed } = paired([['payslip'], ['read_file']], [['read_file'], ['payslip']]);
    expect(answered).toEqual([
      ['payslip', 'read_file'],
      ['payslip', 'read_file'],
    ]);
    expect(executed.every(({ anomalies }) => anomalies?.includes('name_mismatch'))).toBe(true);
  });

  it('judges a result by the name of its call, not by the one it states', () => {
    const { answered, executed } = paired([['payslip']], [['read_file']]);
    expect(answered).toEqual([['payslip']]);
    expect(executed[0]?.anomalies).toEqual(['name_mismatch']);
  });

  const ids = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined });
  const names = fc.constantFrom('f', 'g', 'h');
  const calls = fc.array(fc.tuple(names, ids), { maxLength: 6 });
  const results = fc.array(fc.tuple(fc.option(names, { nil: undefined }), ids), { maxLength: 6 });

  it('loses no call and no result, and answers each id by the calls that have it', () => {
    fc.assert(
      fc.property(calls, results, fc.boolean(), (all, answers, unknownIdAnswers) => {
        const { answered, executed, unanswered } = paired(all, answers, unknownIdAnswers);
        const visible = executed.filter(({ callVisible }) => callVisible);
        expect([...visible.map(({ name }) => name), ...unanswered].sort()).toEqual(all.map(([name]) => name).sort());
        expect(answered.every((by) => by.length > 0)).toBe(true);
        for (const [index, [, id]] of answers.entries()) {
          for (const [name] of all.filter(([, own]) => own === id && id !== undefined)) {
            expect(answered[index]).toContain(name);
          }
        }
      }),
    );
  });

  it('does not depend on the order of results that have ids', () => {
    const withIds = fc.array(fc.tuple(fc.constant(undefined), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 6 });
    const permuted = withIds.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list.keys()], { minLength: list.length })),
    );
    fc.assert(
      fc.property(calls, permuted, (all, [answers, order]) => {
        const straight = paired(all, answers).answered;
        const shuffled = paired(
          all,
          order.map((index) => answers[index] ?? [undefined]),
        ).answered;
        expect(shuffled.map((by) => by.sort())).toEqual(order.map((index) => straight[index]?.sort()));
      }),
    );
  });
});
