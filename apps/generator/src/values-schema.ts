import { readFileSync } from 'node:fs';
import type { JsonObject } from '@iris/contracts';
import { isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import type { GeneratedFiles } from './generated-files.js';

const CHART = 'deploy/helm/iris';
const TABLE = /(<!-- values -->\n)[\s\S]*(<!-- \/values -->)/;

/** A value, its description and its default. */
type Row = readonly [name: string, description: string, value: string];

/**
 * `values.schema.json` of the chart and the table of values in its README, from the comments of `values.yaml`.
 *
 * Every key has a comment above it: its description. A line `# @schema {...}` in it holds JSON that is laid over the type
 * of the default value. A map accepts the keys that it has and no others, unless `@schema` differs.
 *
 * @throws Error for a key without a description
 */
export function valuesSchema(): GeneratedFiles {
  const document = parseDocument(readFileSync(`${CHART}/values.yaml`, 'utf8'));
  const rows: Row[] = [];
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Values of the chart iris',
    ...schemaOfMap(rows, document.contents as YAMLMap<Scalar<string>, Node>, document.commentBefore, []),
  };
  const readme = readFileSync(`${CHART}/README.md`, 'utf8');
  return {
    [`${CHART}/values.schema.json`]: `${JSON.stringify(schema, undefined, 2)}\n`,
    [`${CHART}/README.md`]: readme.replace(TABLE, (_, open, close) => open + table(rows) + close),
  };
}

function schemaOfMap(
  rows: Row[],
  map: YAMLMap<Scalar<string>, Node>,
  commentAboveFirst: string | null | undefined,
  path: readonly string[],
): JsonObject {
  const properties: JsonObject = {};
  map.items.forEach((pair, index) => {
    // YAML hands the comment above a map's first key to the map, or to the document.
    const comment = pair.key.commentBefore ?? (index === 0 ? (map.commentBefore ?? commentAboveFirst) : undefined);
    properties[pair.key.value] = schemaOfPair(rows, pair.value, comment ?? undefined, [...path, pair.key.value]);
  });
  return { type: 'object', additionalProperties: false, properties };
}

function schemaOfPair(
  rows: Row[],
  value: Node | null,
  comment: string | undefined,
  path: readonly string[],
): JsonObject {
  const name = path.join('.');
  if (comment === undefined) throw new Error(`values.yaml: ${name} has no comment`);
  // A blank line parts a comment on what follows from one on what came before.
  const lines = comment.split('\n').map((line) => line.trim());
  const own = lines.slice(lines.lastIndexOf('') + 1);
  const annotation = own.find((line) => line.startsWith('@schema '));
  const description = own.filter((line) => line !== annotation).join(' ');
  if (description === '') throw new Error(`values.yaml: ${name} has no description`);
  const given: JsonObject = annotation === undefined ? {} : JSON.parse(annotation.slice('@schema '.length));
  const isGroup = isMap(value) && value.items.length > 0 && given.additionalProperties === undefined;
  if (!isGroup || given.$ref !== undefined) rows.push([name, description, JSON.stringify(value?.toJSON() ?? null)]);
  if (given.$ref !== undefined) return { description, ...given };
  if (isGroup)
    return { description, ...schemaOfMap(rows, value as YAMLMap<Scalar<string>, Node>, undefined, path), ...given };
  return { description, ...typeOf(value), ...given };
}

function typeOf(value: Node | null): JsonObject {
  if (isMap(value)) return { type: 'object', additionalProperties: false };
  if (isSeq(value)) return { type: 'array' };
  if (!isScalar(value) || value.value === null) return {};
  return { type: Number.isInteger(value.value) ? 'integer' : typeof value.value };
}

function table(rows: readonly Row[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const body = rows.map(([name, description, value]) => `| \`${name}\` | ${cell(description)} | \`${cell(value)}\` |`);
  return ['| Value | Meaning | Default |', '| --- | --- | --- |', ...body, ''].join('\n');
}
