/**
 * Makes values.schema.json and the table of values in README.md out of the comments of values.yaml.
 *
 * Every key has a comment above it: its description. A line `# @schema {...}` in it holds JSON that is laid over what the
 * default value says of the type. A map takes the keys it shows and no others, unless `@schema` says otherwise.
 *
 * Usage: node deploy/helm/generate-values-schema.mjs [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';

const CHART = new URL('./iris/', import.meta.url);
const TABLE = /(<!-- values -->\n)[\s\S]*(<!-- \/values -->)/;

const document = parseDocument(readFileSync(new URL('values.yaml', CHART), 'utf8'));
const rows = [];
const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Values of the chart iris',
  ...schemaOfMap(document.contents, document.commentBefore, []),
};

const files = [
  ['values.schema.json', `${JSON.stringify(schema, undefined, 2)}\n`],
  [
    'README.md',
    readFileSync(new URL('README.md', CHART), 'utf8').replace(TABLE, (_, open, close) => open + table() + close),
  ],
];
for (const [name, content] of files) {
  const url = new URL(name, CHART);
  if (!process.argv.includes('--check')) {
    writeFileSync(url, content);
  } else if (readFileSync(url, 'utf8') !== content) {
    process.stderr.write(`${name} is not what values.yaml says; run node deploy/helm/generate-values-schema.mjs\n`);
    process.exitCode = 1;
  }
}

function schemaOfMap(map, commentAboveFirst, path) {
  const properties = {};
  map.items.forEach((pair, index) => {
    // YAML hands the comment above a map's first key to the map, or to the document.
    const comment = pair.key.commentBefore ?? (index === 0 ? (map.commentBefore ?? commentAboveFirst) : undefined);
    properties[pair.key.value] = schemaOfPair(pair, comment, [...path, pair.key.value]);
  });
  return { type: 'object', additionalProperties: false, properties };
}

function schemaOfPair({ value }, comment, path) {
  const name = path.join('.');
  if (comment === undefined) throw new Error(`values.yaml: ${name} has no comment`);
  // A blank line parts a comment on what follows from one on what came before.
  const lines = comment.split('\n').map((line) => line.trim());
  const own = lines.slice(lines.lastIndexOf('') + 1);
  const annotation = own.find((line) => line.startsWith('@schema '));
  const description = own.filter((line) => line !== annotation).join(' ');
  if (description === '') throw new Error(`values.yaml: ${name} has no description`);
  const given = annotation === undefined ? {} : JSON.parse(annotation.slice('@schema '.length));
  const isGroup = isMap(value) && value.items.length > 0 && given.additionalProperties === undefined;
  if (!isGroup || given.$ref !== undefined) rows.push([name, description, JSON.stringify(value?.toJSON() ?? null)]);
  if (given.$ref !== undefined) return { description, ...given };
  if (isGroup) return { description, ...schemaOfMap(value, undefined, path), ...given };
  return { description, ...typeOf(value), ...given };
}

function typeOf(value) {
  if (isMap(value)) return { type: 'object', additionalProperties: false };
  if (isSeq(value)) return { type: 'array' };
  if (!isScalar(value) || value.value === null) return {};
  return { type: Number.isInteger(value.value) ? 'integer' : typeof value.value };
}

function table() {
  const cell = (text) => text.replaceAll('|', '\\|');
  const body = rows.map(([name, description, value]) => `| \`${name}\` | ${cell(description)} | \`${cell(value)}\` |`);
  return ['| Value | Meaning | Default |', '| --- | --- | --- |', ...body, ''].join('\n');
}
