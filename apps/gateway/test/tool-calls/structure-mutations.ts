import fc from 'fast-check';

/** Changes of the structure of a body, as an attacker, a new client or a new version of an API makes them. */

// biome-ignore lint/suspicious/noExplicitAny: any JSON is walked.
type Node = any;
type Place = { readonly parent: Node; readonly key: string | number };

/** What no format lists, what another format lists, and what is no node at all. */
const FOREIGN_NODES: readonly unknown[] = [
  { type: 'memory_recall', data: 'x' },
  { newPart: { a: 1 } },
  { type: 'tool_result_v2', tool_use_id: 'toolu_0', content: 'x' },
  { toolResult: { toolUseId: 't', content: [{ text: 'x' }] } },
  { functionResponse: { name: 'read', response: { a: 1 } } },
  { function_response: { name: 'read', response: { a: 1 } } },
  { type: 'function_call_output', call_id: 'c', output: 'x' },
  { role: 'ipython', content: 'x' },
  { role: 'Tool', tool_call_id: 'call_0', content: 'x' },
  { role: 'tool ', content: 'x' },
  { id: 'x', arguments: '{}' },
  {},
  null,
  7,
  'text',
  [],
  [{ type: 'text', text: 'x' }],
];

const mutation = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(9999),
    index: fc.nat(20),
    node: fc.constantFrom(...FOREIGN_NODES),
  }),
  fc.record({
    kind: fc.constant('add' as const),
    at: fc.nat(9999),
    key: fc.constantFrom(
      'new_field',
      'tool_calls',
      'toolUse',
      'function_call',
      'Messages',
      'Content',
      'toolſ',
      'executed_tools',
    ),
    node: fc.constantFrom(...FOREIGN_NODES),
  }),
  fc.record({
    kind: fc.constantFrom('unwrap' as const, 'wrap' as const, 'case' as const, 'spelling' as const),
    at: fc.nat(9999),
  }),
  fc.record({
    kind: fc.constantFrom('move' as const, 'repeat' as const, 'same_id' as const),
    at: fc.nat(9999),
    to: fc.nat(9999),
  }),
);

export type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** Insertions of a node that no format lists. */
export const insertions: fc.Arbitrary<Mutation> = mutation.filter(({ kind }) => kind === 'insert' || kind === 'add');

/** Insertions of a block or message of another body, as it is in there. */
export function transplants(donor: unknown): fc.Arbitrary<Mutation> {
  const nodes = [...placesOf({ body: donor })].map(({ parent, key }) => parent[key]).filter(isCarrier);
  return fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(9999),
    index: fc.nat(20),
    node: fc.constantFrom(...(nodes.length > 0 ? nodes : FOREIGN_NODES)),
  });
}

/** Any changes of structure. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(mutation, { minLength: 1, maxLength: 4 });

/** The body with the changes made. A change that has no place in it leaves it alone. */
export function mutated(body: unknown, changes: readonly Mutation[]): unknown {
  const root = { body: structuredClone(body) };
  for (const change of changes) apply(root, change);
  return root.body;
}

function apply(root: { body: Node }, change: Mutation): void {
  const places = [...placesOf(root)];
  const lists = places.filter(({ parent, key }) => Array.isArray(parent[key]));
  // What the model writes into a call is no result, whatever it looks like.
  const open = [...placesOf(root, ARGUMENTS)].filter(({ parent, key }) => Array.isArray(parent[key]));
  const objects = places.filter(({ parent, key }) => isObject(parent[key]));
  const members = places.filter(({ parent }) => !Array.isArray(parent) && parent !== root);
  const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % Math.max(1, from.length)];
  switch (change.kind) {
    case 'insert': {
      const list = pick(open, change.at);
      if (list)
        list.parent[list.key].splice(
          change.index % (list.parent[list.key].length + 1),
          0,
          structuredClone(change.node),
        );
      return;
    }
    case 'add': {
      const object = pick(objects, change.at);
      if (object && !Object.hasOwn(object.parent[object.key], change.key)) {
        object.parent[object.key][change.key] = structuredClone(change.node);
      }
      return;
    }
    case 'unwrap': {
      const single = pick(
        lists.filter(({ parent, key }) => parent[key].length === 1),
        change.at,
      );
      if (single) single.parent[single.key] = single.parent[single.key][0];
      return;
    }
    case 'wrap': {
      const object = pick(
        objects.filter(({ parent }) => parent !== root),
        change.at,
      );
      if (object) object.parent[object.key] = [object.parent[object.key]];
      return;
    }
    case 'case':
    case 'spelling': {
      const member = pick(members, change.at);
      if (!member) return;
      const key = String(member.key);
      const other =
        change.kind === 'case'
          ? key.charAt(0).toUpperCase() + key.slice(1)
          : key.includes('_')
            ? key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
            : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (other === key || Object.hasOwn(member.parent, other)) return;
      const entries = Object.entries(member.parent).map(([name, value]) => [name === key ? other : name, value]);
      for (const name of Object.keys(member.parent)) delete member.parent[name];
      Object.assign(member.parent, Object.fromEntries(entries));
      return;
    }
    case 'same_id': {
      const ids = members.filter(({ key }) => /^(?:id|(?:tool_?use|(?:tool_)?call)_?id)$/i.test(String(key)));
      const [one, other] = [pick(ids, change.at), pick(ids, change.to)];
      if (one && other) one.parent[one.key] = other.parent[other.key];
      return;
    }
    case 'move':
    case 'repeat': {
      const element = pick(
        places.filter(({ parent, key }) => Array.isArray(parent) && isCarrier(parent[key as number])),
        change.at,
      );
      const list = pick(
        lists.filter(({ parent, key }) => (parent[key] as Node[]).some(isCarrier)),
        change.to,
      );
      if (!element || !list) return;
      const node = structuredClone(element.parent[element.key]);
      if (change.kind === 'move') element.parent.splice(element.key as number, 1);
      list.parent[list.key]?.push?.(node);
    }
  }
}

/** Members that hold what the model writes into a call. */
const ARGUMENTS: ReadonlySet<string | number> = new Set(['action', 'operation', 'args', 'arguments']);

function* placesOf(root: Node, without: ReadonlySet<string | number> = new Set()): Generator<Place> {
  for (const key of Array.isArray(root) ? root.keys() : Object.keys(root)) {
    if (without.has(key)) continue;
    yield { parent: root, key };
    const value = root[key];
    if (typeof value === 'object' && value !== null) yield* placesOf(value, without);
  }
}

/** A block or message that carries a result or a call: a part of one, moved elsewhere, is a client's own content. */
function isCarrier(node: Node): boolean {
  if (!isObject(node)) return false;
  const carries = /^(?:tool_?(?:use|result)|function_?(?:call|response)|.*_call|.*_output|.*_tool_(?:use|result))$/i;
  return (
    node.role !== undefined || carries.test(String(node.type)) || Object.keys(node).some((key) => carries.test(key))
  );
}

function isObject(value: Node): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
