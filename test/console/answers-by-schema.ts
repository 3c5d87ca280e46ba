import { endpoints } from '@iris/console-api';
import { z } from 'zod';

/** The part of a JSON Schema that answers are made from. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly maxItems?: number;
}

/** Entries of each list and record. */
const ENTRIES = 3;

/** Makes an answer of every operation from its schema: every optional field is there, and each text is a given one. */
export class AnswersBySchema {
  private made = 0;

  constructor(private readonly texts: readonly string[]) {}

  /** The answer to a request of the page; undefined when no operation has the path. */
  answerTo(method: string, path: string): unknown {
    const endpoint = Object.values(endpoints).find(
      (one) => one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    return endpoint && this.valueOf(z.toJSONSchema(endpoint.response, { unrepresentable: 'any' }) as Schema, '');
  }

  private valueOf(schema: Schema, name: string): unknown {
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[this.made++ % schema.enum.length];
    if (schema.format === 'date-time') return new Date(Date.UTC(2026, 10, 29, 10) - this.made++ * 61_000).toISOString();
    switch (schema.type) {
      case 'string':
        return this.text();
      case 'boolean':
        return BOOLEANS[name] ?? true;
      case 'number':
      case 'integer':
        return (this.made++ * 37) % 5000;
      case 'array':
        return Array.from({ length: Math.min(ENTRIES, schema.maxItems ?? ENTRIES) }, () =>
          this.valueOf(schema.items ?? {}, name),
        );
      case 'object':
        return this.object(schema);
      default:
        return this.json();
    }
  }

  private object({ properties = {}, propertyNames, additionalProperties }: Schema): object {
    const fields = Object.entries(properties).map(([name, schema]) => [name, this.valueOf(schema, name)]);
    if (typeof additionalProperties !== 'object') return Object.fromEntries(fields);
    const names = propertyNames?.enum?.map(String) ?? Array.from({ length: ENTRIES }, () => this.text());
    return Object.fromEntries([...fields, ...names.map((name) => [name, this.valueOf(additionalProperties, name)])]);
  }

  /** Any JSON: lists in objects in lists, with texts as names too. */
  private json(): unknown {
    return {
      [this.text()]: [this.text(), { [this.text()]: this.text(), deep: [[[[[[[this.text()]]]]]]] }],
      list: [1, true, null],
    };
  }

  private text(): string {
    return this.texts[this.made++ % this.texts.length] ?? '';
  }
}

/** Values that show more of a page. */
const BOOLEANS: Readonly<Record<string, boolean>> = {
  hidden: false,
  cut: false,
  parametersHidden: false,
  current: false,
  complete: false,
};
