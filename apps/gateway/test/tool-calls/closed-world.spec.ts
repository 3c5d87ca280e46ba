import { parseDocument } from '@iris/json-document';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FORMATS } from '../../src/tool-calls/formats/index.js';
import { type ReadBody, readProviderBody, rewriteProviderBody } from '../../src/tool-calls/index.js';
import { type GeneratedFormat, PROVIDER_BODIES, RESULT_MARKER } from './provider-bodies.js';
import { PROVIDER_RULES } from './provider-rules.js';
import { insertions, mutated, mutations } from './structure-mutations.js';

function read(text: string, url: string): ReadBody | undefined {
  const parsed = parseDocument(text, { maxDepth: 100 });
  if (!parsed.ok) throw new Error(parsed.reason);
  const body = readProviderBody(parsed.document, url);
  return body.status === 'read' ? body : undefined;
}

/** The body when every call and tool is denied; undefined when the request is blocked. */
function withAllDenied(body: ReadBody): string | undefined {
  if (body.pending.length > 0) return undefined;
  const rewritten = rewriteProviderBody(body, everything(body));
  if (rewritten.status === 'not_representable') return undefined;
  return rewritten.status === 'rewritten' ? rewritten.text : body.document.source();
}

function everything(body: ReadBody) {
  return {
    strip: new Set(body.declared.map(({ key }) => key)),
    redact: new Map(body.executed.map(({ id }) => [id, 'Denied.'])),
  };
}

function counts(names: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const name of names) counted.set(name, (counted.get(name) ?? 0) + 1);
  return counted;
}

const CLOSED = (Object.keys(PROVIDER_BODIES) as GeneratedFormat[]).filter((format) =>
  FORMATS.some(({ id, kinds }) => id === format && kinds !== undefined),
);

describe.each(CLOSED)('%s', (format) => {
  const bodies = PROVIDER_BODIES[format].map(({ text, url }) => ({ body: JSON.parse(text) as unknown, url }));

  it('lists every kind that the generated bodies have', () => {
    fc.assert(
      fc.property(bodies, ({ body, url }) => {
        const whole = read(JSON.stringify(body), url);
        expect(whole?.executed.filter(({ unrecognised }) => unrecognised)).toEqual([]);
        expect(whole?.declared.filter(({ key }) => key.startsWith('unrecognised:'))).toEqual([]);
      }),
    );
  });

  it('hides no call and no declared tool behind an unknown node, wherever it is', () => {
    fc.assert(
      fc.property(bodies, insertions, ({ body, url }, insertion) => {
        const before = read(JSON.stringify(body), url);
        const after = read(JSON.stringify(mutated(body, [insertion])), url);
        if (!before) throw new Error('a generated body can be read');
        if (!after) return;
        const left = counts(after.executed.map(({ name }) => name));
        for (const [name, count] of counts(before.executed.map((call) => call.name))) {
          expect(left.get(name) ?? 0).toBeGreaterThanOrEqual(count);
        }
        const declared = new Set(after.declared.map(({ key }) => key));
        expect(before.declared.filter(({ key }) => !declared.has(key))).toEqual([]);
      }),
    );
  });

  it('lets no denied result pass, whatever is done to the structure', () => {
    fc.assert(
      fc.property(bodies, mutations, ({ body, url }, changes) => {
        const after = read(JSON.stringify(mutated(body, changes)), url);
        const text = after && withAllDenied(after);
        if (text !== undefined) expect(text).not.toMatch(RESULT_MARKER);
      }),
    );
  });

  it('rewrites a body with unknown nodes so that it stays valid, and once', () => {
    fc.assert(
      fc.property(bodies, insertions, ({ body, url }, insertion) => {
        const changed = mutated(body, [insertion]);
        const after = read(JSON.stringify(changed), url);
        const text = after && withAllDenied(after);
        if (!after || text === undefined) return;
        const decisions = everything(after);
        const again = read(text, url);
        if (!again) throw new Error('a rewritten body can be read');
        expect(rewriteProviderBody(again, decisions)).toEqual({ status: 'unchanged' });
        const rules = PROVIDER_RULES[format];
        let before: string[];
        try {
          before = rules(changed);
        } catch {
          // The provider refuses such a shape already.
          return;
        }
        expect(rules(JSON.parse(text)).filter((complaint) => !before.includes(complaint))).toEqual([]);
      }),
    );
  });
});
