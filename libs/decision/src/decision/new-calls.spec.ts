import type { JsonObject, ToolCall } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import { firstCalls } from './new-calls.js';

const call = (params?: JsonObject): ToolCall => ({
  id: 'c',
  name: 'Read',
  phase: 'executed',
  paramsStatus: 'ok',
  params,
});
const list = (length: number) => ({ list: Array.from({ length }, () => 1) });

describe('the calls that one hook gets judged', () => {
  it.each([
    ['all, where they are few', [call(), call(list(10))], 2],
    ['up to their limit', Array.from({ length: 9 }, () => call()), 5],
    ['up to the limit on their values', Array.from({ length: 4 }, () => call(list(40_000))), 2],
    ['at least one', [call(list(150_000)), call()], 1],
    ['none of none', [], 0],
  ])('are %s', async (_title, calls, count) => {
    expect(await firstCalls(calls, 5)).toEqual(calls.slice(0, count));
  });
});
