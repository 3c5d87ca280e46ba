import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { isJsonObject, type Json, type JsonObject, MadeFromFacts } from '@iris/contracts';
import type { CheckRequest, PdpPrincipal, PdpResource } from './pdp.js';

/**
 * Field numbers of the messages. Sources: cerbos/request/v1/request.proto, cerbos/engine/v1/engine.proto,
 * cerbos/audit/v1/audit.proto, google/protobuf/struct.proto; maps: Protocol Buffers, encoding.
 */
const CHECK = { requestId: 1, includeMeta: 2, principal: 3, resources: 4, requestContext: 6 };
const ENTRY = { actions: 1, resource: 2 };
const PRINCIPAL = { id: 1, roles: 3, attr: 4 };
const RESOURCE = { kind: 1, policyVersion: 2, id: 3, attr: 4, scope: 5 };
const CONTEXT = { annotations: 1 };
const MAP = { key: 1, value: 2 };
const VALUE = { null: 1, number: 2, string: 3, bool: 4, struct: 5, list: 6 };
const STRUCT = { fields: 1 };
const LIST = { values: 1 };

/** Facts about a person, the largest part of a check, as a `google.protobuf.Value`. */
const encodedFacts = new MadeFromFacts((facts) => {
  const writer = new BinaryWriter();
  writeValue(writer, facts);
  return writer.finish();
});

/** Used for every check: a buffer that grows costs as much as what is written into it. */
const checkWriter = new BinaryWriter();

/**
 * A `CheckResourcesRequest` on the wire. The conversion of `@cerbos/grpc` visits each attribute by reflection, which
 * costs more than everything else in a check. The objects in the principal's attributes must not be changed
 * afterwards: their bytes are kept.
 *
 * @throws TypeError when an attribute is no JSON
 */
export function encodeCheck(request: CheckRequest, resources: readonly PdpResource[]): Uint8Array<ArrayBuffer> {
  try {
    writeCheck(checkWriter, request, resources);
  } catch (error) {
    checkWriter.finish();
    throw error;
  }
  return checkWriter.finish();
}

function writeCheck(writer: BinaryWriter, request: CheckRequest, resources: readonly PdpResource[]): void {
  writeText(writer, CHECK.requestId, request.requestId);
  writer.tag(CHECK.includeMeta, WireType.Varint).bool(true);
  open(writer, CHECK.principal);
  writePrincipal(writer, request.principal);
  writer.join();
  for (const resource of resources) {
    open(writer, CHECK.resources);
    writeResource(writer, resource, request);
    writer.join();
  }
  open(writer, CHECK.requestContext);
  writeMap(writer, CONTEXT.annotations, request.annotations ?? {}, writeValue);
  writer.join();
}

function writePrincipal(writer: BinaryWriter, { id, roles, attr }: PdpPrincipal): void {
  writeText(writer, PRINCIPAL.id, id);
  for (const role of roles) writer.tag(PRINCIPAL.roles, WireType.LengthDelimited).string(role);
  writeMap(writer, PRINCIPAL.attr, attr, writeFacts);
}

function writeResource(writer: BinaryWriter, { kind, id, action, attr }: PdpResource, request: CheckRequest): void {
  writer.tag(ENTRY.actions, WireType.LengthDelimited).string(action);
  open(writer, ENTRY.resource);
  writeText(writer, RESOURCE.kind, kind);
  writeText(writer, RESOURCE.policyVersion, request.policyVersion);
  writeText(writer, RESOURCE.id, id);
  writeMap(writer, RESOURCE.attr, attr, writeValue);
  writeText(writer, RESOURCE.scope, request.scope);
  writer.join();
}

/** Starts a message; `join` ends it. */
function open(writer: BinaryWriter, field: number): void {
  writer.tag(field, WireType.LengthDelimited).fork();
}

/** A text without content is not sent (proto3). */
function writeText(writer: BinaryWriter, field: number, text: string): void {
  if (text !== '') writer.tag(field, WireType.LengthDelimited).string(text);
}

function writeMap(
  writer: BinaryWriter,
  field: number,
  map: Readonly<Record<string, Json>>,
  write: (writer: BinaryWriter, value: Json) => void,
): void {
  for (const key of Object.keys(map)) {
    open(writer, field);
    writer.tag(MAP.key, WireType.LengthDelimited).string(key);
    open(writer, MAP.value);
    write(writer, map[key] as Json);
    writer.join().join();
  }
}

function writeFacts(writer: BinaryWriter, value: Json): void {
  if (isJsonObject(value)) writer.raw(encodedFacts.of(value));
  else writeValue(writer, value);
}

/** A `google.protobuf.Value`. */
function writeValue(writer: BinaryWriter, value: Json): void {
  switch (typeof value) {
    case 'string':
      writer.tag(VALUE.string, WireType.LengthDelimited).string(value);
      return;
    case 'boolean':
      writer.tag(VALUE.bool, WireType.Varint).bool(value);
      return;
    case 'number':
      if (!Number.isFinite(value)) break;
      writer.tag(VALUE.number, WireType.Bit64).double(value);
      return;
    case 'object':
      writeComposed(writer, value);
      return;
  }
  throw new TypeError(`an attribute cannot be sent to the PDP: ${typeof value} is no JSON`);
}

function writeComposed(writer: BinaryWriter, value: JsonObject | Json[] | null): void {
  if (value === null) {
    writer.tag(VALUE.null, WireType.Varint).int32(0);
    return;
  }
  if (!Array.isArray(value)) {
    open(writer, VALUE.struct);
    writeMap(writer, STRUCT.fields, value, writeValue);
    writer.join();
    return;
  }
  open(writer, VALUE.list);
  for (const element of value) {
    open(writer, LIST.values);
    writeValue(writer, element);
    writer.join();
  }
  writer.join();
}
