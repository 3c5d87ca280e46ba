import { create, fromJson } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import type { Json, JsonObject } from '@iris/contracts';

/** Values of facts that are held in memory, so that each is made once for as long as it is held. */
const made = new WeakMap<object, Value>();

/** The protobuf form of an attribute. Objects and lists must not change afterwards. */
export function toValue(json: Json): Value {
  switch (typeof json) {
    case 'string':
      return create(ValueSchema, { kind: { case: 'stringValue', value: json } });
    case 'number':
      return create(ValueSchema, { kind: { case: 'numberValue', value: json } });
    case 'boolean':
      return create(ValueSchema, { kind: { case: 'boolValue', value: json } });
    default:
  }
  if (json === null) return fromJson(ValueSchema, null);
  let value = made.get(json);
  if (value === undefined) {
    value = fromJson(ValueSchema, json);
    made.set(json, value);
  }
  return value;
}

/** The JSON form of an attribute; null for a value without a kind. */
export function fromValue(value: Value): Json {
  const { kind } = value;
  switch (kind.case) {
    case 'stringValue':
    case 'boolValue':
      return kind.value;
    case 'numberValue':
      // Not a number in JSON, so policies and records see its name.
      return Number.isFinite(kind.value) ? kind.value : String(kind.value);
    case 'listValue':
      return kind.value.values.map(fromValue);
    case 'structValue':
      return Object.fromEntries(Object.entries(kind.value.fields).map(([key, member]) => [key, fromValue(member)]));
    default:
      return null;
  }
}

/** The JSON form of a map of attributes. */
export function fromValues(attr: Readonly<Record<string, Value>>): JsonObject {
  return Object.fromEntries(Object.entries(attr).map(([key, value]) => [key, fromValue(value)]));
}
