import type { Json, JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallPairing, oncePerBody, type PairedCalls } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { below, idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import { TurnPairing } from '../../turn-pairing.js';
import { fieldsOf, onlyField } from './fields.js';
import { requestsOf } from './requests.js';

/** A call in a part of the model's content. */
interface PartCall {
  readonly id: string | undefined;
  readonly found: FoundCall;
  readonly kind: 'function' | 'tool' | 'code';
}

/** The calls in a part of the model's content, in whichever spelling; one part holds one unless it is made up. */
export function callsOfPart(part: JsonObject): PartCall[] {
  const calls: PartCall[] = [];
  for (const [, value] of fieldsOf(part, 'functionCall')) {
    const call = objectOf(value);
    if (!call) continue;
    const name = textOf(call.name);
    const partial = onlyField(call, 'partialArgs');
    // Arguments that come in pieces are not put together; only the first piece has the name.
    if (partial !== undefined && name === undefined) continue;
    const args =
      partial === undefined ? argumentsOf(call.args) : { rawArguments: partial, paramsStatus: 'unparsed' as const };
    calls.push({ id: idOf(call.id), found: { name: name ?? 'unknown', ...args }, kind: 'function' });
  }
  for (const [, value] of fieldsOf(part, 'toolCall')) {
    const call = objectOf(value);
    if (!call) continue;
    const name = textOf(onlyField(call, 'toolType')) ?? 'unknown';
    calls.push({ id: idOf(call.id), found: { name, ...argumentsOf(call.args), serverSide: true }, kind: 'tool' });
  }
  for (const [, value] of fieldsOf(part, 'executableCode')) {
    const code = objectOf(value);
    if (!code) continue;
    calls.push({
      id: idOf(code.id),
      found: { name: 'codeExecution', ...argumentsOf(code), serverSide: true },
      kind: 'code',
    });
  }
  return calls;
}

function argumentsOf(args: Json | undefined): Pick<FoundCall, 'rawArguments' | 'params' | 'paramsStatus'> {
  if (args === undefined || args === null) return { rawArguments: args, paramsStatus: 'empty', params: {} };
  return { rawArguments: args, ...paramsFromObject(args) };
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
  const pairing = new CallPairing();
  for (const { request, path } of requestsOf(body)) pairRequest(pairing, request, path);
  return pairing.paired();
}

function pairRequest(pairing: CallPairing, request: JsonObject, path: JsonPath): void {
  const turn = new TurnPairing(pairing, { unknownIdAnswers: true, name: path.join('.') });
  const contents = [...objectsIn(request.contents)];
  const lastModel = contents.findLast(([, content]) => content.role === 'model')?.[0] ?? -1;
  let wasModel = false;
  for (const [index, content] of contents) {
    const isModel = content.role === 'model';
    if (isModel && !wasModel) turn.endTurn();
    wasModel = isModel;
    for (const [position, part] of objectsIn(content.parts)) {
      for (const { id, found, kind } of callsOfPart(part)) turn.call(kind, id, found);
      for (const [key, kind] of RESULT_FIELDS) {
        const result = objectOf(part[key]);
        if (!result) continue;
        const name = kind === 'code' ? undefined : (textOf(result.name) ?? textOf(result.toolType));
        turn.result(kind, idOf(result.id), {
          path: below(path, 'contents', index, 'parts', position, key),
          inNewestTurn: index > lastModel || (isModel && index === lastModel),
          ...(name === undefined ? {} : { name }),
          serverSide: kind !== 'function' || isModel,
        });
      }
    }
  }
  turn.endTurn();
}
