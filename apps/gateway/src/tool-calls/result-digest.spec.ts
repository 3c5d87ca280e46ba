import { parseDocument } from '@iris/json-document';
import { describe, expect, it } from '@jest/globals';
import type { ExecutedCall } from './formats/llm-format.js';
import { withResultDigests } from './result-digest.js';

function digestOf(text: string, ...paths: ExecutedCall['results'][]): string | undefined {
  const parsed = parseDocument(text, { maxDepth: 50 });
  if (!parsed.ok) throw new Error(parsed.reason);
  const call = { id: 't1', results: paths.length === 0 ? [['result']] : paths.flat() } as unknown as ExecutedCall;
  return withResultDigests([call], parsed.document)[0]?.resultDigest;
}

const result = (json: string) => digestOf(`{"result":${json}}`);

describe('the digest of a result', () => {
  it.each([
    ['a text', '"ok"', '"ok "'],
    ['a text in a block', '{"content":[{"type":"text","text":"ok"}]}', '{"content":[{"type":"text","text":"no"}]}'],
    ['a mark of failure', '{"content":"ok"}', '{"content":"ok","is_error":true}'],
    ['a number that no double holds', '{"n":12345678901234567890}', '{"n":12345678901234567891}'],
    ['a list for its text', '["ok"]', '"ok"'],
    [
      'content below the name of a cache mark',
      '{"cache_control":{"type":"ephemeral","data":"a"}}',
      '{"cache_control":{"type":"ephemeral","data":"b"}}',
    ],
    ['text below the name of a cache mark', '{"cache_control":"a"}', '{"cache_control":"b"}'],
  ])('differs by %s', (_title, one, other) => {
    expect(result(one)).toBe(result(one));
    expect(result(one)).not.toBe(result(other));
  });

  it.each([
    ['cache marks', '{"content":"ok","cache_control":{"type":"ephemeral","ttl":"1h"}}', '{"content":"ok"}'],
    ['white space', '{ "content" : "ok" }', '{"content":"ok"}'],
    ['escapes', '"\\u006fk"', '"ok"'],
  ])('does not differ by %s', (_title, one, other) => {
    expect(result(one)).toBe(result(other));
  });

  it('covers every result of a call, in their order', () => {
    const text = '{"a":"1","b":"2"}';
    const both = digestOf(text, [['a'], ['b']]);
    expect(both).not.toBe(digestOf(text, [['a']]));
    expect(both).not.toBe(digestOf(text, [['b'], ['a']]));
  });

  it('is absent for a call without a result', () => {
    const parsed = parseDocument('{}', { maxDepth: 5 });
    if (!parsed.ok) throw new Error(parsed.reason);
    const call = { id: 't1', results: [] } as unknown as ExecutedCall;
    expect(withResultDigests([call], parsed.document)).toEqual([call]);
  });
});
