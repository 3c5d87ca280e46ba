import type { Json, JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallPairing, type FoundCall, OrderPairing } from '../../call-pairing.js';
import { below, idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import type { ExecutedCall } from '../llm-format.js';
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
 * The calls of the history that have a result. A result answers the call with its id; without ids on both sides, the
 * n-th result of a name in a turn answers the n-th call of that name.
 */
export function executedCalls(body: JsonObject): ExecutedCall[] {
  const { request, path } = requestOf(body);
  const pairing = new CallPairing();
  const byOrder = new OrderPairing(pairing);
  const contents = [...objectsIn(request.contents)];
  const lastModel = contents.findLast(([, content]) => content.role === 'model')?.[0] ?? -1;
  let open = new TurnCalls();
  let wasModel = false;
  for (const [index, content] of contents) {
    const isModel = content.role === 'model';
    if (isModel && !wasModel) {
      open = new TurnCalls();
      byOrder.startTurn();
    }
    wasModel = isModel;
    for (const [position, part] of objectsIn(content.parts)) {
      const call = callOfPart(part);
      if (call) {
        const kind = kindOf(call.found, part);
        if (call.id === undefined) byOrder.call(kind, call.found);
        else pairing.call(`id:${call.id}`, call.id, call.found);
        open.add(kind, call.id);
      }
      const result = resultOfPart(part);
      if (!result) continue;
      const name = textOf(result.value.name) ?? textOf(onlyField(result.value, 'toolType'));
      const found = {
        path: below(path, 'contents', index, 'parts', position, result.key),
        inNewestTurn: index > lastModel || (isModel && index === lastModel),
        ...(name === undefined ? {} : { name }),
        serverSide: result.kind !== 'function',
      };
      const kind = result.kind === 'function' ? `function:${name}` : result.kind;
      const id = open.answer(kind, idOf(result.value.id));
      if (id === undefined) byOrder.result(kind, found);
      else pairing.result(`id:${id}`, id, found);
    }
  }
  return pairing.executed();
}

function kindOf(found: FoundCall, part: JsonObject): string {
  if (!found.serverSide) return `function:${found.name}`;
  return onlyField(part, 'toolCall') === undefined ? 'code' : 'tool';
}

/** The calls of one turn of the model by kind, in order, so that a result without an id finds the id of its call. */
class TurnCalls {
  readonly #waiting = new Map<string, (string | undefined)[]>();
  readonly #ids = new Set<string>();

  add(kind: string, id: string | undefined): void {
    const waiting = this.#waiting.get(kind) ?? [];
    waiting.push(id);
    this.#waiting.set(kind, waiting);
    if (id !== undefined) this.#ids.add(id);
  }

  /** The id of the call that a result answers; undefined when that call has none. */
  answer(kind: string, resultId: string | undefined): string | undefined {
    const waiting = this.#waiting.get(kind) ?? [];
    if (resultId !== undefined && this.#ids.has(resultId)) {
      const position = waiting.indexOf(resultId);
      if (position !== -1) waiting.splice(position, 1);
      return resultId;
    }
    // A result with an id of its own answers the next call without one, if there is any.
    if (resultId !== undefined) {
      const position = waiting.indexOf(undefined);
      if (position === -1) return resultId;
      waiting.splice(position, 1);
      return undefined;
    }
    return waiting.shift();
  }
}
