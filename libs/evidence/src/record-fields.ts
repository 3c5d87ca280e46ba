import { z } from 'zod';
import { evidenceRecordSchema } from './record.js';

/** The part of a JSON Schema that the table shows. */
interface FieldSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema | boolean;
  readonly items?: FieldSchema;
  readonly required?: readonly string[];
}

/** The fields of a record as a Markdown table: path, type, whether it is always there, meaning. */
export function evidenceFieldTable(): string {
  const schema = z.toJSONSchema(evidenceRecordSchema, { io: 'output' }) as FieldSchema;
  const rows = rowsOf(schema, '').map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return ['| Field | Type | Always | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function rowsOf(schema: FieldSchema, parent: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = parent === '' ? name : `${parent}.${name}`;
    const always = schema.required?.includes(name) === true ? 'yes' : 'no';
    const entries = typeof field.additionalProperties === 'object' ? field.additionalProperties : undefined;
    return [
      [`\`${path}\``, typeOf(field), always, field.description ?? ''],
      ...rowsOf(field, path),
      ...(entries === undefined ? [] : rowsOf(entries, `${path}.<name>`)),
    ];
  });
}

function typeOf(field: FieldSchema): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (field.type === 'array') return `list of ${field.items?.type ?? 'JSON'}`;
  return field.type ?? 'JSON';
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
