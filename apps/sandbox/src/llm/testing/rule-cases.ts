import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedLlm, startLlm } from '../simulated-llm.js';

/**
 * Tests of a provider's rules as data. Each case starts from a body that the provider accepts and spoils one thing. The
 * valid body is sent first, so that a refusal can only come from the change.
 */

type Json = Record<string, unknown>;
export type RuleCase = [name: string, spoil: (body: Json) => Json, message: string];

interface RuleGroup {
  url: string;
  valid: Json;
  cases: RuleCase[];
}

/** Copies `body` with the value at `path` replaced; `undefined` removes the member. */
export function put(body: Json, path: string, value: unknown): Json {
  const copy: Json = structuredClone(body);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = copy;
  for (const key of keys) at = at[key] as Json;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

/** Like `put`, as a case's way to spoil a body. */
export const set =
  (path: string, value: unknown) =>
  (body: Json): Json =>
    put(body, path, value);

/** JSON Schema of an object with any members. */
export const schema = { type: 'object', properties: {} };

export const many = (count: number, make: (at: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** The message of a refusal: Bedrock puts it at the top, all others under `error`. */
const messageOf = (envelope: { message?: string; error?: { message: string } }): string | undefined =>
  envelope.error?.message ?? envelope.message;

/** Declares the tests of one provider. */
export function describeRules(name: string, { url, valid, cases }: RuleGroup): void {
  describe(name, () => {
    let llm: SimulatedLlm;
    beforeAll(async () => {
      llm = await startLlm({ afterScript: { text: 'ok' } });
    });
    afterAll(() => llm.close());

    const post = (body: unknown) =>
      fetch(`${llm.url}${url}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
        body: JSON.stringify(body),
      });

    it('accepts a whole conversation', async () => {
      const response = await post(valid);
      expect([response.status, await response.json()]).toEqual([200, expect.any(Object)]);
    });

    it.each(cases)('refuses: %s', async (_case, spoil, message) => {
      const response = await post(spoil(valid));
      expect(messageOf((await response.json()) as object)).toContain(message);
      expect([400, 404]).toContain(response.status);
    });
  });
}
