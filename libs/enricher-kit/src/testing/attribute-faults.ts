import { type AttributeDefinition, isJsonObject, SOURCE_ATTRIBUTES, type SourceId } from '@iris/contracts';

/**
 * What is wrong with the attributes of a source: a value that is null, undefined or no JSON, a path that the source
 * does not declare, or a value of another type than declared. Empty when all is well.
 */
export function faultsOfAttributes(source: SourceId, attributes: unknown): string[] {
  if (!isJsonObject(attributes)) return ['the attributes are no object'];
  return faultsAt('', attributes, SOURCE_ATTRIBUTES[source]);
}

function faultsAt(prefix: string, value: Record<string, unknown>, declared: readonly AttributeDefinition[]): string[] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`;
    const definition = declared.find((candidate) => candidate.path === path);
    if (definition !== undefined) {
      return isOfType(inner, definition.type) && isKnownJson(inner) ? [] : [`${path} is no ${definition.type}`];
    }
    const isBranch = declared.some((candidate) => candidate.path.startsWith(`${path}.`));
    return isBranch && isJsonObject(inner) ? faultsAt(`${path}.`, inner, declared) : [`${path} is not declared`];
  });
}

function isOfType(value: unknown, type: AttributeDefinition['type']): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'timestamp':
      return typeof value === 'string' && new Date(value).toISOString() === value;
    case 'string[]':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'object':
      return isJsonObject(value);
    case 'object[]':
      return Array.isArray(value) && value.every(isJsonObject);
  }
}

/** JSON without null: an unknown fact is absent. */
function isKnownJson(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isKnownJson);
  return isJsonObject(value) && Object.values(value).every(isKnownJson);
}
