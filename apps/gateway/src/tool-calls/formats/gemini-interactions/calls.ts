import type { JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallPairing, oncePerBody, type PairedCalls } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { type ItemAuthor, newestFrom } from '../../item-turns.js';
import { idOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromText } from '../../tool-params.js';
import { TurnPairing } from '../../turn-pairing.js';
import { SERVER_CALLS } from './kinds.js';

/** A step of the input with its place. */
export interface PlacedStep {
  readonly step: JsonObject;
  readonly path: JsonPath;
  readonly author: ItemAuthor;
  /** Inside a turn of the model. */
  readonly ofModel: boolean;
}

/** All steps of the input. Those inside a turn follow the turn itself. */
export function stepsOf(body: JsonObject): PlacedStep[] {
  const steps: PlacedStep[] = [];
  for (const [index, step] of objectsIn(body.input)) {
    const author = authorOf(step);
    steps.push({ step, path: ['input', index], author, ofModel: false });
    for (const [position, inner] of objectsIn(step.content)) {
      const own = authorOf(inner);
      const place = ['input', index, 'content', position];
      steps.push({ step: inner, path: place, author: own === 'client' ? author : own, ofModel: author === 'model' });
    }
  }
  return steps;
}

function authorOf(step: JsonObject): ItemAuthor {
  const type = textOf(step.type) ?? '';
  if (isCall(type)) return 'call';
  if (isResult(type)) return 'other';
  return type === 'model_output' || type === 'thought' || step.role === 'model' ? 'model' : 'client';
}

const SERVER = new Set(SERVER_CALLS);

function isCall(type: string): boolean {
  return type === 'function_call' || SERVER.has(type);
}

function isResult(type: string): boolean {
  return type.endsWith('_result') && isCall(type.replace(/_result$/, '_call'));
}

/** The call in a step of a request or of a response. What the provider runs has the name of its tool. */
export function callOfStep(
  step: JsonObject,
): { readonly id: string | undefined; readonly found: FoundCall } | undefined {
  const type = textOf(step.type) ?? '';
  if (!isCall(type)) return undefined;
  const server = textOf(step.server_name);
  const isNamed = type === 'function_call' || type === 'mcp_server_tool_call';
  const found: FoundCall = {
    name: isNamed ? (textOf(step.name) ?? 'unknown') : type.replace(/_call$/, ''),
    ...(server === undefined ? {} : { server }),
    rawArguments: step.arguments,
    ...(step.arguments === undefined ? { paramsStatus: 'empty', params: {} } : paramsFromText(step.arguments)),
    serverSide: type !== 'function_call',
  };
  return { id: idOf(step.id), found };
}

/** The calls of the history: a result answers the call with its `call_id`, without one by position in its turn. */
export const pairedCalls = oncePerBody(pair);

function pair(body: JsonObject): PairedCalls {
  const pairing = new CallPairing();
  const turn = new TurnPairing(pairing);
  const steps = stepsOf(body);
  const isHeld = idOf(body.previous_interaction_id) !== undefined;
  const newest = isHeld ? 0 : newestFrom(steps.map(({ author }) => author));
  for (const [index, { step, path, author, ofModel }] of steps.entries()) {
    if (author === 'model') turn.endTurn();
    const type = textOf(step.type) ?? '';
    const call = callOfStep(step);
    if (call) turn.call(type, call.id, call.found);
    else if (isResult(type)) {
      const name = textOf(step.name);
      turn.result(type.replace(/_result$/, '_call'), idOf(step.call_id), {
        path,
        inNewestTurn: index >= newest,
        ...(name === undefined ? {} : { name }),
        serverSide: type !== 'function_result' || ofModel,
      });
    }
  }
  turn.endTurn();
  return pairing.paired();
}
