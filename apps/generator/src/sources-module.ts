import type { AttributeDefinition, FlattenedAttribute } from '../../../libs/contracts/src/attribute-definition.js';
import type { Vendor } from './vendor-file.js';

/** `libs/contracts/src/generated/sources.ts`: the ids of all sources and their attributes. */
export function sourcesModule(vendors: readonly Vendor[]): string {
  const ids = vendors.map(({ id }) => quoted(id));
  const titles = vendors.map(({ id, title }) => `${id}: ${quoted(title)}`);
  const attributes = vendors.map(
    ({ id, attributes: own }) => `  ${id}: [\n${own.map((one) => `    { ${membersOf(one)} },\n`).join('')}  ],\n`,
  );
  const flattened = flattenedAttributes(vendors).map(
    ({ from, ...one }) => `  { ${membersOf(one)}, from: [${from.map(quoted).join(', ')}] },\n`,
  );
  return `// Made by \`npm run generate\` from apps/enricher-*/vendor.yaml; do not edit.
import type { AttributeDefinition, FlattenedAttribute } from '../attribute-definition.js';

/** A source of facts: a vendor. */
export type SourceId = ${ids.join(' | ')};

/** All sources. */
export const SOURCE_IDS: readonly SourceId[] = [${ids.join(', ')}];

/** The names of the vendors. */
export const SOURCE_TITLES: Readonly<Record<SourceId, string>> = { ${titles.join(', ')} };

/** The attributes of each source. Paths are relative to \`P.attr.<source>\`. */
export const SOURCE_ATTRIBUTES: Readonly<Record<SourceId, readonly AttributeDefinition[]>> = {
${attributes.join('')}};

/** The flattened attributes of the principal, \`P.attr.<path>\`. */
export const FLATTENED_ATTRIBUTES: readonly FlattenedAttribute<SourceId>[] = [
${flattened.join('')}];
`;
}

/** @throws Error when two vendors give one path different types, or one rank */
function flattenedAttributes(vendors: readonly Vendor[]): FlattenedAttribute[] {
  const offers = vendors
    .flatMap(({ id, attributes }) => attributes.map((attribute) => ({ id, ...attribute })))
    .flatMap(({ flattened, ...attribute }) => (flattened === undefined ? [] : [{ ...attribute, flattened }]))
    .sort((a, b) => a.flattened.rank - b.flattened.rank);
  return [...new Set(offers.map(({ path }) => path))].sort().map((path) => {
    const own = offers.filter((offer) => offer.path === path);
    const [first] = own;
    if (first === undefined) throw new Error(`no vendor offers ${path}`);
    for (const [index, { id, type, flattened }] of own.entries()) {
      if (type !== first.type) throw new Error(`flattened ${path}: ${first.id} has ${first.type}, ${id} has ${type}`);
      const previous = own[index - 1];
      if (previous?.flattened.rank === flattened.rank) {
        throw new Error(`flattened ${path}: ${previous.id} and ${id} both have rank ${flattened.rank}`);
      }
    }
    const meaning = own.find(({ flattened }) => flattened.meaning !== undefined)?.flattened.meaning ?? first.meaning;
    return { path, type: first.type, meaning, from: own.map(({ id }) => `${id}.${path}` as const) };
  });
}

function membersOf({ path, type, meaning }: AttributeDefinition): string {
  return `path: ${quoted(path)}, type: ${quoted(type)}, meaning: ${quoted(meaning)}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
