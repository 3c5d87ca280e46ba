import type { JsonDocument, JsonPath } from './document.js';
import type { Member } from './spans.js';

/**
 * A change of the text. `json` is JSON text and is inserted as it is.
 * - `set`: replaces the value at the path, or adds the property at the end of its object when it is not there;
 * - `remove`: removes the property or element at the path with its comma;
 * - `append`: adds an element at the end of the array at the path.
 */
export type Edit =
  | { readonly op: 'set'; readonly path: JsonPath; readonly json: string }
  | { readonly op: 'remove'; readonly path: JsonPath }
  | { readonly op: 'append'; readonly path: JsonPath; readonly json: string };

interface EditNode {
  /** Set when the value itself is replaced or removed. */
  change?: { readonly json: string } | 'remove';
  readonly children: Map<string | number, EditNode>;
  readonly appended: string[];
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly json: string;
}

/**
 * The text of the document with the edits made and every other character as it was. Paths are those of the original
 * document. Of two changes of the same value the later one counts; a change of a value makes changes inside it void.
 *
 * @throws Error when a path does not exist in the document: a fault of the caller, never of the input.
 */
export function applyEdits(document: JsonDocument, edits: readonly Edit[]): string {
  const root = document.span();
  if (!root) throw new Error('a document has a span');
  const splices: Splice[] = [];
  collect(document, [], buildTree(edits), root.start, root.end, splices);
  const parts: string[] = [];
  let at = root.start;
  for (const splice of splices) {
    parts.push(document.text.slice(at, splice.start), splice.json);
    at = splice.end;
  }
  parts.push(document.text.slice(at, root.end));
  return parts.join('');
}

function emptyNode(): EditNode {
  return { children: new Map(), appended: [] };
}

function buildTree(edits: readonly Edit[]): EditNode {
  const root = emptyNode();
  for (const edit of edits) {
    let node = root;
    for (const key of edit.path) {
      let child = node.children.get(key);
      if (!child) {
        child = emptyNode();
        node.children.set(key, child);
      }
      node = child;
    }
    if (edit.op === 'append') node.appended.push(edit.json);
    else node.change = edit.op === 'remove' ? 'remove' : { json: edit.json };
  }
  return root;
}

function collect(
  document: JsonDocument,
  path: JsonPath,
  node: EditNode,
  start: number,
  end: number,
  splices: Splice[],
): void {
  if (node.change && node.change !== 'remove') {
    splices.push({ start, end, json: node.change.json });
    return;
  }
  if (node.children.size === 0 && node.appended.length === 0) return;
  const members = document.members(path);
  if (!members) throw new Error('an edit points into a scalar');
  const found = new Set<string | number>();
  let keptBefore = false;
  for (const [position, member] of members.entries()) {
    const child = node.children.get(member.key);
    if (child) found.add(member.key);
    if (child?.change === 'remove') {
      splices.push(removal(members, position, member, keptBefore));
      continue;
    }
    keptBefore = true;
    if (child) collect(document, [...path, member.key], child, member.valueStart, member.end, splices);
  }
  const additions = [...addedProperties(node, found), ...node.appended];
  if (additions.length === 0) return;
  const at = members[members.length - 1]?.end ?? start + 1;
  splices.push({ start: at, end: at, json: (keptBefore ? ',' : '') + additions.join(',') });
}

/** A removed member takes one comma with it: the one before it, or the one after it when nothing before it stays. */
function removal(members: readonly Member[], position: number, member: Member, keptBefore: boolean): Splice {
  const before = members[position - 1];
  if (keptBefore && before) return { start: before.end, end: member.end, json: '' };
  return { start: member.start, end: members[position + 1]?.start ?? member.end, json: '' };
}

function addedProperties(node: EditNode, found: ReadonlySet<string | number>): string[] {
  const added: string[] = [];
  for (const [key, child] of node.children) {
    if (found.has(key)) continue;
    if (typeof key !== 'string' || !child.change || child.change === 'remove') {
      throw new Error('an edit points to a value that does not exist');
    }
    added.push(`${JSON.stringify(key)}:${child.change.json}`);
  }
  return added;
}
