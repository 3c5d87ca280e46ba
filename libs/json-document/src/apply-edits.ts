import type { JsonDocument, JsonPath } from './document.js';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  endOfString,
  endOfValue,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
} from './scan.js';
import { keyText } from './spans.js';

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
 * The text is scanned once, whatever the number of edits and the depth of their paths.
 *
 * @throws Error when a path does not exist in the document: an error of the caller, never of the input.
 */
export function applyEdits(document: JsonDocument, edits: readonly Edit[]): string {
  const root = document.span();
  if (!root) throw new Error('a document has a span');
  if (edits.length === 0) return document.text.slice(root.start, root.end);
  const splices: Splice[] = [];
  new Editing(document.text, splices).value(buildTree(edits), root.start);
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

/** Walks the text and the tree of edits together, and notes the splices in the order of the text. */
class Editing {
  constructor(
    private readonly text: string,
    private readonly splices: Splice[],
  ) {}

  /** Returns the offset just past the value that begins at `start`. The recursion is as deep as the edits' paths. */
  value(node: EditNode, start: number): number {
    if (node.change !== undefined && node.change !== 'remove') {
      const end = endOfValue(this.text, start);
      this.splices.push({ start, end, json: node.change.json });
      return end;
    }
    if (node.children.size === 0 && node.appended.length === 0) return endOfValue(this.text, start);
    const first = this.text.charCodeAt(start);
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) throw new Error('an edit points into a scalar');
    return this.container(node, start, first === OPEN_OBJECT);
  }

  private container(node: EditNode, start: number, isObject: boolean): number {
    const { text } = this;
    const found = new Set<string | number>();
    /** Ends of the last member, and of the last one that is kept. */
    let end = start + 1;
    let keptEnd: number | undefined;
    /** Start of a run of removed members with nothing kept before it: it takes the comma after it along. */
    let removedFrom: number | undefined;
    let index = 0;
    let at = skipSpace(text, start + 1);
    while (text.charCodeAt(at) !== CLOSE_OBJECT && text.charCodeAt(at) !== CLOSE_ARRAY) {
      if (removedFrom !== undefined) {
        this.splices.push({ start: removedFrom, end: at, json: '' });
        removedFrom = undefined;
      }
      const memberStart = at;
      let key: string | number = index;
      if (isObject) {
        const keyEnd = endOfString(text, at);
        key = keyText(text, at, keyEnd);
        at = skipSpace(text, skipSpace(text, keyEnd) + 1);
      }
      const child = node.children.get(key);
      if (child !== undefined) found.add(key);
      const previousEnd = end;
      if (child?.change === 'remove') {
        end = endOfValue(text, at);
        if (keptEnd === undefined) removedFrom = memberStart;
        else this.splices.push({ start: previousEnd, end, json: '' });
      } else {
        end = child === undefined ? endOfValue(text, at) : this.value(child, at);
        keptEnd = end;
      }
      index += 1;
      at = skipSpace(text, end);
      if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
    }
    if (removedFrom !== undefined) this.splices.push({ start: removedFrom, end, json: '' });
    const additions = [...addedProperties(node, found), ...node.appended];
    if (additions.length > 0) {
      this.splices.push({ start: end, end, json: (keptEnd === undefined ? '' : ',') + additions.join(',') });
    }
    return at + 1;
  }
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
