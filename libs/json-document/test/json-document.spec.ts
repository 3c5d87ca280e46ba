import { applyEdits, type JsonDocument, parseDocument } from '@iris/json-document';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findNodeAtLocation, parseTree } from 'jsonc-parser';

const maxDepth = 64;

function read(text: string): JsonDocument {
  const result = parseDocument(text, { maxDepth });
  if (!result.ok) throw new Error(result.reason);
  return result.document;
}

/** JSON text with white space and escapes in odd places, and keys that need care. */
const spaces = fc.constantFrom('', ' ', '\n', '\t ', '\r\n');
const keys = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('__proto__', 'a"b', '\\', 'constructor', '0'));
const scalars = fc.oneof(
  fc.constantFrom('1e400', '9007199254740993', '-0', '1.0', '"\\ud800"', '"\\u0041"', 'null', 'true', 'false'),
  fc.string().map((text) => JSON.stringify(text)),
  fc.constantFrom('"}"', '"]"', '"\\\\"', '"\\""', '"a\\\\\\"b"', '","'),
);
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    scalars,
    fc
      .tuple(fc.array(tie('json'), { maxLength: 4 }), spaces)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
    fc
      .tuple(fc.uniqueArray(fc.tuple(keys, tie('json')), { maxLength: 4, selector: ([key]) => key }), spaces)
      .map(([properties, gap]) => {
        const members = properties.map(([key, value]) => `${JSON.stringify(key)}${gap}:${gap}${value}`);
        return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`;
      }),
  ),
}));

function allPaths(document: JsonDocument, path: (string | number)[] = []): (string | number)[][] {
  const members = document.members(path) ?? [];
  return [path, ...members.flatMap((member) => allPaths(document, [...path, member.key]))];
}

describe('parseDocument', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(json, (text) => {
        expect(read(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['a comment', '{"a":1 /* no */}'],
    ['a trailing comma', '{"a":[1,]}'],
    ['a byte order mark', '\uFEFF{}'],
    ['something after the value', '{} {}'],
    ['no text', ''],
    ['an open string', '{"a":"b'],
    ['an open object', '{"a":{'],
    ['too many brackets', '[]]'],
    ['a raw control character', '"\u0001"'],
    ['a single-quoted key', "{'a':1}"],
  ])('refuses %s', (_, text) => {
    expect(parseDocument(text, { maxDepth })).toEqual({ ok: false, reason: 'hook_malformed' });
  });

  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"x":[{"b":{}},{"b":{"c":1,"c":1}}]}', ['x', 1, 'b', 'c']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['[0,{"__proto__":1,"__proto__":2}]', [1, '__proto__']],
    ['{"a":":,{}","b":{"a":1},"b":2}', ['b']],
  ])('reports where a key is repeated in %s', (text, path) => {
    expect(parseDocument(text, { maxDepth })).toEqual({ ok: false, reason: 'duplicate_json_key', path });
  });

  it('keeps a __proto__ key as data', () => {
    const { value } = read('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('refuses deep nesting without using the stack, closed or not', () => {
    const depth = 100_000;
    const refused = { ok: false, reason: 'body_too_deep' };
    expect(parseDocument('['.repeat(depth) + ']'.repeat(depth), { maxDepth })).toEqual(refused);
    expect(parseDocument('{"a":'.repeat(depth), { maxDepth })).toEqual(refused);
    expect(parseDocument('['.repeat(maxDepth) + ']'.repeat(maxDepth), { maxDepth }).ok).toBe(true);
    expect(parseDocument('['.repeat(maxDepth + 1) + ']'.repeat(maxDepth + 1), { maxDepth })).toEqual(refused);
  });

  it('counts every value before anything is built', () => {
    const count = (value: unknown): number =>
      typeof value !== 'object' || value === null
        ? 1
        : Object.values(value).reduce((sum: number, member) => sum + count(member), 1);
    fc.assert(
      fc.property(json, (text) => {
        const nodes = count(JSON.parse(text));
        const refused = { ok: false, reason: 'body_too_complex' };
        if (nodes > 1) expect(parseDocument(text, { maxDepth, maxNodes: nodes - 1 })).toEqual(refused);
        if (!/[[{]\s+[\]}]/.test(text)) expect(parseDocument(text, { maxDepth, maxNodes: nodes }).ok).toBe(true);
      }),
    );
  });

  it.each([
    ['empty lists', `[${'[],'.repeat(2_000_000)}[]]`],
    ['members', `[${'1,'.repeat(2_000_000)}1]`],
    ['properties', `{${'"a":1,'.repeat(2_000_000)}"a":1}`],
    ['open lists', `[${'[1],'.repeat(2_000_000)}`],
  ])('refuses a text of many %s', (_title, text) => {
    expect(parseDocument(text, { maxDepth })).toEqual({ ok: false, reason: 'body_too_complex' });
  });

  it.each([
    ['backslashes', `["${'\\\\'.repeat(2_000_000)}"]`],
    ['escaped quotes', `["${'\\"'.repeat(2_000_000)}"]`],
    ['short strings', `[${Array(200_000).fill('"\\\\"').join(',')}]`],
    ['long keys', `{"${'k'.repeat(4_000_000)}":1}`],
    ['digits', `[${'9'.repeat(1_000_000)}]`],
  ])('reads a text of many %s', (_title, text) => {
    expect(parseDocument(text, { maxDepth }).ok).toBe(true);
  });

  it('finds a key that is repeated at the end of many', () => {
    const many = Array.from({ length: 200_000 }, (_, index) => `"k${index}":{}`).join(',');
    expect(parseDocument(`{${many},"k0":1}`, { maxDepth })).toMatchObject({ ok: false, path: ['k0'] });
  });

  it('does not count brackets inside strings', () => {
    expect(parseDocument(JSON.stringify('['.repeat(1000)), { maxDepth: 1 }).ok).toBe(true);
  });
});

describe('JsonDocument', () => {
  it('finds the same spans as an independent parser', () => {
    fc.assert(
      fc.property(json, spaces, (inner, gap) => {
        const text = gap + inner + gap;
        const document = read(text);
        const tree = parseTree(text);
        for (const path of allPaths(document)) {
          const node = tree && findNodeAtLocation(tree, path);
          expect(document.span(path)).toEqual(node && { start: node.offset, end: node.offset + node.length });
          expect(JSON.parse(document.source(path) ?? '')).toEqual(document.at(path)?.value);
        }
      }),
    );
  });

  it('answers undefined for what is not there', () => {
    const document = read('{"a":[1]}');
    expect(document.span(['b'])).toBeUndefined();
    expect(document.at(['a', 1])).toBeUndefined();
    expect(document.at(['toString'])).toBeUndefined();
    expect(document.members(['a', 0])).toBeUndefined();
  });
});

describe('applyEdits', () => {
  it('changes nothing without edits', () => {
    fc.assert(fc.property(json, (text) => expect(applyEdits(read(text), [])).toBe(text)));
  });

  it.each([
    ['[1, 2, 3]', [0], '[2, 3]'],
    ['[1, 2, 3]', [1], '[1, 3]'],
    ['[1, 2, 3]', [2], '[1, 2]'],
  ])('removes one element of %s at %j', (text, path, expected) => {
    expect(applyEdits(read(text), [{ op: 'remove', path }])).toBe(expected);
  });

  it('gives, for any removals, the value without them', () => {
    const lists = fc.array(fc.tuple(scalars, fc.boolean()), { maxLength: 6 });
    fc.assert(
      fc.property(lists, spaces, (items, gap) => {
        const document = read(`[${gap}${items.map(([item]) => item).join(`${gap},${gap}`)}${gap}]`);
        const edits = items.flatMap(([, goes], index) => (goes ? [{ op: 'remove' as const, path: [index] }] : []));
        const kept = items.filter(([, goes]) => !goes).map(([item]) => JSON.parse(item));
        expect(JSON.parse(applyEdits(document, edits))).toEqual(kept);
        const appended = applyEdits(document, [...edits, { op: 'append', path: [], json: '"new"' }]);
        expect(JSON.parse(appended)).toEqual([...kept, 'new']);
      }),
    );
  });

  it('edits a part of a larger text by itself', () => {
    const hook = read('{"metadata":{}, "request_body": {"n":1.0, "a":[1,2], "big":12345678901234567890} }');
    const body = hook.at(['request_body']);
    expect(body && applyEdits(body, [{ op: 'remove', path: ['a', 0] }])).toBe(
      '{"n":1.0, "a":[2], "big":12345678901234567890}',
    );
  });

  it('adds, replaces and nests', () => {
    const document = read('{"a":{"b":1},"c":{}}');
    const edited = applyEdits(document, [
      { op: 'set', path: ['a', 'b'], json: '[2]' },
      { op: 'set', path: ['a', 'x"y'], json: '3' },
      { op: 'set', path: ['c', 'd'], json: 'null' },
    ]);
    expect(edited).toBe('{"a":{"b":[2],"x\\"y":3},"c":{"d":null}}');
  });

  it('lets a change of a value win over changes inside it, and the later of two', () => {
    const document = read('{"a":{"b":1},"c":2}');
    const edited = applyEdits(document, [
      { op: 'remove', path: ['a', 'b'] },
      { op: 'set', path: ['a'], json: '0' },
      { op: 'set', path: ['c'], json: '3' },
      { op: 'remove', path: ['c'] },
    ]);
    expect(edited).toBe('{"a":0}');
  });

  it('adds where everything was removed', () => {
    const document = read('{ "a":1, "b":2 }');
    const edited = applyEdits(document, [
      { op: 'remove', path: ['a'] },
      { op: 'remove', path: ['b'] },
      { op: 'set', path: ['c'], json: '3' },
    ]);
    expect(JSON.parse(edited)).toEqual({ c: 3 });
  });

  it('gives, for any removal and replacement at any depth, the value with them', () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.boolean(), (text, seed, removes) => {
        const document = read(text);
        const paths = allPaths(document).filter((path) => path.length > 0);
        const path = paths[seed % Math.max(1, paths.length)];
        if (path === undefined) return;
        const edited = applyEdits(document, [removes ? { op: 'remove', path } : { op: 'set', path, json: '"new"' }]);
        const tree = parseTree(edited);
        const parent = path.slice(0, -1);
        const size = (of: ReturnType<typeof parseTree>, at: (string | number)[]) =>
          (of && findNodeAtLocation(of, at))?.children?.length ?? 0;
        expect(size(tree, parent)).toBe(size(parseTree(text), parent) - (removes ? 1 : 0));
        expect(parseDocument(edited, { maxDepth }).ok).toBe(true);
        if (!removes) expect(read(edited).at(path)?.value).toBe('new');
      }),
    );
  });

  it('makes many edits in one long list', () => {
    const length = 100_000;
    const document = read(`{"list":[${Array.from({ length }, (_, index) => `{"n":${index}}`).join(',')}]}`);
    const edited = applyEdits(
      document,
      Array.from({ length }, (_, index) =>
        index % 2 === 0
          ? { op: 'remove' as const, path: ['list', index] }
          : { op: 'set' as const, path: ['list', index, 'n'], json: '0' },
      ),
    );
    expect(JSON.parse(edited)).toEqual({ list: Array(length / 2).fill({ n: 0 }) });
  });

  it('throws for a path that does not exist', () => {
    expect(() => applyEdits(read('{"a":1}'), [{ op: 'remove', path: ['b'] }])).toThrow(/does not exist/);
    expect(() => applyEdits(read('{"a":1}'), [{ op: 'set', path: ['a', 'b'], json: '1' }])).toThrow(/scalar/);
  });
});
