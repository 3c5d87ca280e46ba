import { parseDocument } from '@iris/json-document';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ReadBody, readProviderBody, rewriteProviderBody } from '../../src/tool-calls/index.js';
import { type GeneratedBody, type GeneratedFormat, PROVIDER_BODIES, RESULT_MARKER } from './provider-bodies.js';
import { PROVIDER_RULES } from './provider-rules.js';

function read(text: string, url: string): ReadBody {
  const parsed = parseDocument(text, { maxDepth: 100 });
  if (!parsed.ok) throw new Error(parsed.reason);
  const body = readProviderBody(parsed.document, url);
  if (body.status !== 'read') throw new Error(body.reason);
  return body;
}

interface Decided {
  readonly body: ReadBody;
  readonly strip: ReadonlySet<string>;
  readonly redact: ReadonlyMap<string, string>;
  /** Text of the body after the rewriting. */
  readonly text: string;
}

/** Any decisions on a generated body, and the outcome of it. */
function decided(format: GeneratedFormat): fc.Arbitrary<{ generated: GeneratedBody; decisions: Decided }> {
  return PROVIDER_BODIES[format].chain((generated) => {
    const body = read(generated.text, generated.url);
    return fc
      .tuple(
        fc.subarray(body.declared.map((tool) => tool.key)),
        fc.subarray(body.executed.filter((call) => !call.serverSide).map((call) => call.id)),
        fc.constantFrom('Denied by rule X.', 'quote " and \\ and \u2028', 'lone \ud83d'),
      )
      .map(([keys, ids, notice]) => {
        const strip = new Set(keys);
        const redact = new Map(ids.map((id) => [id, notice]));
        const rewritten = rewriteProviderBody(body, { strip, redact });
        if (rewritten.status === 'not_representable') throw new Error('every generated result can hold a notice');
        const text = rewritten.status === 'rewritten' ? rewritten.text : generated.text;
        return { generated, decisions: { body, strip, redact, text } };
      });
  });
}

/** Where a rewritten value may differ from the original, by format. */
const MAY_DIFFER: Readonly<Record<GeneratedFormat, RegExp>> = {
  'anthropic-messages':
    /^(tools|tool_choice|mcp_servers|messages\.\d+\.content\.\d+(\.(content|is_error|tool|type|text|cache_control).*)?)(\.|$)/,
  'openai-chat':
    /^(tools|tool_choice|parallel_tool_calls|functions|function_call|web_search_options|messages\.\d+\.content)(\.|$)/,
  'openai-responses':
    /^(tools|tool_choice|parallel_tool_calls|input\.\d+\.(output|status|tools|type|role|content))(\.|$)/,
  gemini:
    /^(request\.)?(tools|tool_?[cC]onfig|contents\.\d+\.parts\.\d+\.function_?[rR]esponse\.(response|parts))(\.|$)/,
  'gemini-interactions':
    /^(tools|generation_config\.tool_choice|input\.\d+\.(result|is_error))(\.|$)|^input\.\d+\.content\.\d+\./,
  'bedrock-converse':
    /^(toolConfig|additionalModelRequestFields\.tools|messages\.\d+\.content\.\d+\.toolResult\.(content|status))(\.|$)/,
};

function differences(left: unknown, right: unknown, path = ''): string[] {
  if (Object.is(left, right)) return [];
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return [path];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].flatMap((key) => {
    const below = path === '' ? key : `${path}.${key}`;
    return differences((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key], below);
  });
}

/** The raw lexemes that JSON.parse and JSON.stringify would change. */
function lexemes(text: string): string[] {
  return text.match(/12345678901234567890123|1\.0|1e400|"\\ud83d"|"\\u0041\\\/\\u00e9"/g) ?? [];
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const token of whole) if (token === part[at]) at += 1;
  return at === part.length;
}

describe.each(Object.keys(PROVIDER_BODIES) as GeneratedFormat[])('%s', (format) => {
  const rules = PROVIDER_RULES[format];

  it('generates bodies that the provider takes', () => {
    fc.assert(fc.property(PROVIDER_BODIES[format], ({ text }) => expect(rules(JSON.parse(text))).toEqual([])));
  });

  it('leaves the body alone without decisions', () => {
    fc.assert(
      fc.property(PROVIDER_BODIES[format], ({ text, url }) => {
        const nothing = { strip: new Set<string>(), redact: new Map<string, string>() };
        expect(rewriteProviderBody(read(text, url), nothing)).toEqual({ status: 'unchanged' });
        const unknown = { strip: new Set(['tool:of another request']), redact: new Map([['no such call', 'x']]) };
        expect(rewriteProviderBody(read(text, url), unknown)).toEqual({ status: 'unchanged' });
      }),
    );
  });

  it('keeps every body valid for its provider', () => {
    fc.assert(
      fc.property(decided(format), ({ decisions }) => {
        expect(rules(JSON.parse(decisions.text))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('removes each tool from every declaration and keeps the others', () => {
    fc.assert(
      fc.property(decided(format), ({ generated, decisions: { body, strip, text } }) => {
        const left = read(text, generated.url).declared.map((tool) => tool.key);
        const stub = /^tool:no_tool_available_*$/;
        for (const key of left) expect(strip.has(key) && !stub.test(key)).toBe(false);
        const groupGone = (key: string) =>
          [...strip].some((gone) => /^(?:mcp|toolset):/.test(gone) && key.startsWith(`${gone.split(':')[0]}:`));
        for (const { key } of body.declared) if (!strip.has(key) && !groupGone(key)) expect(left).toContain(key);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps all calls, ids and places, and changes the results of denied calls alone', () => {
    fc.assert(
      fc.property(decided(format), ({ generated, decisions: { body, redact, text } }) => {
        const after = read(text, generated.url);
        const place = (read: ReadBody) =>
          read.executed.map(({ id, name, results, inNewestTurn, params }) => ({
            id,
            name,
            results,
            inNewestTurn,
            params,
          }));
        expect(place(after)).toEqual(place(body));
        for (const call of body.executed) {
          for (const path of call.results) {
            const before = body.document.source(path);
            const now = after.document.source(path) ?? '';
            if (redact.has(call.id)) {
              expect(now).not.toMatch(RESULT_MARKER);
              const { cache_control } = JSON.parse(before ?? '{}');
              expect(JSON.parse(now).cache_control).toEqual(cache_control);
            } else expect(now).toBe(before);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing outside of declarations, selectors and results', () => {
    fc.assert(
      fc.property(decided(format), ({ generated, decisions: { text } }) => {
        const changed = differences(JSON.parse(generated.text), JSON.parse(text));
        expect(changed.filter((path) => !MAY_DIFFER[format].test(path))).toEqual([]);
        const odd = lexemes(text.replaceAll('lone \\ud83d', ''));
        expect(isSubsequence(odd, lexemes(generated.text))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is done after one rewriting, whatever else is decided the same way', () => {
    fc.assert(
      fc.property(decided(format), ({ generated, decisions: { strip, redact, text } }) => {
        expect(rewriteProviderBody(read(text, generated.url), { strip, redact })).toEqual({ status: 'unchanged' });
      }),
      { numRuns: 500 },
    );
  });

  it('redacts a result the same way on a later turn', () => {
    fc.assert(
      fc.property(decided(format), ({ generated, decisions: { body, strip, redact, text } }) => {
        const again = rewriteProviderBody(read(generated.text, generated.url), { strip, redact });
        expect(again.status === 'rewritten' ? again.text : generated.text).toBe(text);
        expect(body.executed.map((call) => call.id)).toEqual([...new Set(body.executed.map((call) => call.id))]);
      }),
    );
  });

  it('carries no more cache markers than before, and none on a tool that is loaded on demand', () => {
    fc.assert(
      fc.property(decided(format), ({ generated, decisions: { text } }) => {
        const markers = (json: string) => json.match(/"(?:cache_control|cachePoint)"/g)?.length ?? 0;
        expect(markers(text)).toBeLessThanOrEqual(markers(generated.text));
      }),
    );
  });
});
