import type { Json } from '@iris/contracts';
import { endOfValue, skipSpace } from './scan.js';
import { type Member, membersAt } from './spans.js';

/** Where a value is: property names and element indexes from the root of a document. */
export type JsonPath = readonly (string | number)[];

/** A part of the text: offsets in UTF-16 units, `end` just past the last one. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The members of one container by key, found when first asked for. */
class Container {
  readonly members: readonly Member[];
  private readonly byKey: ReadonlyMap<string | number, Member>;
  private readonly containers = new Map<string | number, Container | undefined>();

  constructor(
    private readonly text: string,
    members: readonly Member[],
  ) {
    this.members = members;
    this.byKey = new Map(members.map((member) => [member.key, member]));
  }

  static at(text: string, start: number): Container | undefined {
    const members = membersAt(text, start);
    return members && new Container(text, members);
  }

  member(key: string | number): Member | undefined {
    return this.byKey.get(key);
  }

  container(key: string | number): Container | undefined {
    if (!this.containers.has(key)) {
      const member = this.byKey.get(key);
      this.containers.set(key, member && Container.at(this.text, member.valueStart));
    }
    return this.containers.get(key);
  }
}

/**
 * A JSON value together with the text it was read from. Spans are found only when asked for, level by level, so a
 * document that is only read costs nothing beyond its parsing. The text is never copied.
 */
export class JsonDocument {
  private rootSpan: Span | undefined;
  private rootContainer: Container | undefined;

  /** Use `parseDocument`: the text must be valid JSON without duplicate keys. */
  constructor(
    /** The whole text the document was read from; spans are offsets in it. */
    readonly text: string,
    readonly value: Json,
    private readonly locate: () => Span = () => wholeSpan(text),
  ) {}

  /** The text of the value at the path exactly as written; undefined when there is none. */
  source(path: JsonPath = []): string | undefined {
    const span = this.span(path);
    return span && this.text.slice(span.start, span.end);
  }

  /** The span of the value at the path, without the key of a property. */
  span(path: JsonPath = []): Span | undefined {
    this.rootSpan ??= this.locate();
    if (path.length === 0) return this.rootSpan;
    const key = path[path.length - 1];
    const member = key === undefined ? undefined : this.containerAt(path.slice(0, -1))?.member(key);
    return member && { start: member.valueStart, end: member.end };
  }

  /** The members of the object or array at the path, in the order of the text; undefined for anything else. */
  members(path: JsonPath = []): readonly Member[] | undefined {
    return this.containerAt(path)?.members;
  }

  /** The part of the document at the path as a document of its own, over the same text: nothing is parsed again. */
  at(path: JsonPath): JsonDocument | undefined {
    let value: Json | undefined = this.value;
    for (const key of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string | number, Json>)[key];
    }
    if (value === undefined) return undefined;
    return new JsonDocument(this.text, value, () => {
      const span = this.span(path);
      if (!span) throw new Error('a path of the value is missing in the text');
      return span;
    });
  }

  private containerAt(path: JsonPath): Container | undefined {
    this.rootSpan ??= this.locate();
    this.rootContainer ??= Container.at(this.text, this.rootSpan.start);
    let container = this.rootContainer;
    for (const key of path) container = container?.container(key);
    return container;
  }
}

function wholeSpan(text: string): Span {
  const start = skipSpace(text, 0);
  return { start, end: endOfValue(text, start) };
}
