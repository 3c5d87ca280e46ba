import {
  type AttributeDefinition,
  type AttributeType,
  FLATTENED_ATTRIBUTES,
  type JsonObject,
  PRINCIPAL_ATTRIBUTES,
  RESOURCE_ATTRIBUTES,
  SOURCE_ATTRIBUTES,
  SOURCE_IDS,
} from '@iris/contracts';
import type { GeneratedFiles } from './generated-files.js';

const TYPES: Record<AttributeType, JsonObject> = {
  string: { type: 'string' },
  timestamp: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  'string[]': { type: 'array', items: { type: 'string' } },
  object: { type: 'object' },
  'object[]': { type: 'array', items: { type: 'object' } },
};

/** Aperture's own values are passed on as they came; a change there must not deny every call. */
const AS_SENT = ['quotas', 'estimatedCost'];

interface Node {
  type: 'object';
  properties: Record<string, Node | JsonObject | { type: 'array'; items: Node }>;
}

function schemaOf(definitions: readonly AttributeDefinition[]) {
  const typed = definitions.filter((definition) => !AS_SENT.includes(definition.path));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...objectOf(typed) };
}

function objectOf(definitions: readonly Pick<AttributeDefinition, 'path' | 'type' | 'items'>[]): Node {
  const root: Node = { type: 'object', properties: {} };
  for (const { path, type, items } of definitions) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let node = root;
    for (const key of keys) {
      node.properties[key] ??= { type: 'object', properties: {} };
      node = node.properties[key] as Node;
    }
    node.properties[last] = items ? { type: 'array', items: objectOf(items) } : TYPES[type];
  }
  return root;
}

function perSource(definition: AttributeDefinition): AttributeDefinition[] {
  return definition.path.includes('<source>')
    ? SOURCE_IDS.map((source) => ({ ...definition, path: definition.path.replace('<source>', source) }))
    : [definition];
}

/** The JSON schemas by which the PDP validates a principal and a tool call. */
export function policySchemas(): GeneratedFiles {
  const principal = schemaOf([
    ...FLATTENED_ATTRIBUTES,
    ...PRINCIPAL_ATTRIBUTES.flatMap(perSource),
    ...SOURCE_IDS.flatMap((source) =>
      SOURCE_ATTRIBUTES[source].map((definition) => ({ ...definition, path: `${source}.${definition.path}` })),
    ),
  ]);
  return {
    'policies/pack/_schemas/principal.json': jsonText(principal),
    'policies/pack/_schemas/aperture_hook.json': jsonText(schemaOf(RESOURCE_ATTRIBUTES)),
  };
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
