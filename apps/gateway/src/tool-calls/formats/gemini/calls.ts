import type { Json, JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallPairing, oncePerBody, type PairedCalls } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { below, idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import { TurnPairing } from '../../turn-pairing.js';
import { fieldsOf, onlyField } from './fields.js';

/** The request itself: the body, or what Code Assist wraps into `request`. */
export function requestOf(body: JsonObject): { readonly request: JsonObject; readonly path: JsonPath } {
  const inner = body.contents === undefined ? objectOf(body.request) : undefined;
  return inner ? { request: inner, path: ['request'] } : { request: body, path: [] };
}

/** The call in a part of the model's content. */
export function callOfPart(
  part: JsonObject,
): { readonly id: string | undefined; readonly found: FoundCall } | undefined {
  const call = objectOf(onlyField(part, 'functionCall'));
  if (call) {
    const name = textOf(call.name) ?? 'unknown';
    const partial = onlyField(call, 'partialArgs');
    if (partial === undefined) return { id: idOf(call.id), found: { name, ...argumentsOf(call.args) } };
    // Arguments that come in pieces are not put together; only the first piece has the name.
    if (textOf(call.name) === undefined) return undefined;
    return { id: idOf(call.id), found: { name, rawArguments: partial, paramsStatus: 'unparsed' } };
  }
  const server = objectOf(onlyField(part, 'toolCall'));
  if (server) {
    const name = textOf(onlyField(server, 'toolType')) ?? 'unknown';
    return { id: idOf(server.id), found: { name, ...argumentsOf(server.args), serverSide: true } };
  }
  const code = objectOf(onlyField(part, 'executableCode'));
  if (!code) return undefined;
  return { id: idOf(code.id), found: { name: 'codeExecution', ...argumentsOf(code), serverSide: true } };
}

function argumentsOf(args: Json | undefined): Pick<FoundCall, 'rawArguments' | 'params' | 'paramsStatus'> {
  if (args === undefined || args === null) return { rawArguments: args, paramsStatus: 'empty', params: {} };
  return { rawArguments: args, ...paramsFromObject(args) };
}

interface FoundPartResult {
  readonly kind: 'function' | 'tool' | 'code';
  readonly value: JsonObject;
  readonly key: string;
}

function resultOfPart(part: JsonObject): FoundPartResult | undefined {
  for (const [field, kind] of RESULT_FIELDS) {
    for (const [key, value] of fieldsOf(part, field)) {
      const object = objectOf(value);
      if (object) return { kind, value: object, key };
    }
  }
  return undefined;
}

const RESULT_FIELDS = [
  ['functionResponse', 'function'],
  ['toolResponse', 'tool'],
  ['codeExecutionResult', 'code'],
] as const;

/**
 * The calls of the history. A result answers the call with its id. Without ids on both sides, the n-th result of a turn
 * answers the n-th call: the name that a result states proves nothing.
 */
export const pairedCalls = oncePerBody(pair);

function pair(body: JsonObject): PairedCalls {
  const { request, path } = requestOf(body);
  const pairing = new CallPairing();
  const turn = new TurnPairing(pairing, { unknownIdAnswers: true });
  const contents = [...objectsIn(request.contents)];
  const lastModel = contents.findLast(([, content]) => content.role === 'model')?.[0] ?? -1;
  let wasModel = false;
  for (const [index, content] of contents) {
    const isModel = content.role === 'model';
    if (isModel && !wasModel) turn.endTurn();
    wasModel = isModel;
    for (const [position, part] of objectsIn(content.parts)) {
      const call = callOfPart(part);
      if (call) turn.call(kindOf(call.found, part), call.id, call.found);
      const result = resultOfPart(part);
      if (!result) continue;
      const name =
        result.kind === 'code' ? undefined : (textOf(result.value.name) ?? textOf(onlyField(result.value, 'toolType')));
      turn.result(result.kind, idOf(result.value.id), {
        path: below(path, 'contents', index, 'parts', position, result.key),
        inNewestTurn: index > lastModel || (isModel && index === lastModel),
        ...(name === undefined ? {} : { name }),
        serverSide: result.kind !== 'function',
      });
    }
  }
  turn.endTurn();
  return pairing.paired();
}

function kindOf(found: FoundCall, part: JsonObject): FoundPartResult['kind'] {
  if (!found.serverSide) return 'function';
  return onlyField(part, 'toolCall') === undefined ? 'code' : 'tool';
}
