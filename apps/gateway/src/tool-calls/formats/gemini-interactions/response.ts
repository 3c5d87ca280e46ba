import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { elementsOf, unlistedCalls } from '../../closed-world/index.js';
import { objectOf, textOf } from '../../json-access.js';
import type { ResponseCall } from '../llm-format.js';
import { callOfStep } from './calls.js';
import { STEPS } from './kinds.js';

const EVENT = /^(?:interaction|step|content)\.|^error$/;

export function isResponse(message: JsonObject): boolean {
  if (EVENT.test(textOf(message.event_type) ?? '')) return true;
  return message.object === 'interaction' || (textOf(message.status) !== undefined && stepsIn(message).length > 0);
}

/** The steps of an interaction; earlier versions of the API call them outputs. */
function stepsIn(interaction: JsonObject): Json[] {
  return [...elementsOf(interaction.steps), ...elementsOf(interaction.outputs)];
}

/** A step and the text of arguments that a stream has brought for it. */
interface Draft {
  readonly step: Json;
  text?: string;
}

/**
 * The calls of a response, whole or streamed: `step.start` names the call, `arguments_delta` brings its arguments in
 * pieces. The final event holds the steps again where the API sends them; those count only without a stream of steps.
 */
export function responseCalls(messages: readonly JsonObject[]): ResponseCall[] {
  const open = new Map<Json | undefined, Draft>();
  const streamed: Draft[] = [];
  const whole: Draft[] = [];
  for (const message of messages) {
    for (const interaction of [message, objectOf(message.interaction)]) {
      for (const step of interaction ? stepsIn(interaction) : []) whole.push({ step });
    }
    for (const step of [message.step, message.content]) {
      if (step === undefined || step === null) continue;
      const draft: Draft = { step };
      open.set(message.index, draft);
      streamed.push(draft);
    }
    const delta = objectOf(message.delta);
    const draft = open.get(message.index);
    if (draft && typeof delta?.arguments === 'string') draft.text = (draft.text ?? '') + delta.arguments;
    else if (delta && callOfStep(delta)) streamed.push({ step: delta });
  }
  return (streamed.length > 0 ? streamed : whole).flatMap(callOf);
}

function callOf({ step, text }: Draft): ResponseCall[] {
  if (isJsonObject(step)) {
    const call = callOfStep(text === undefined ? step : { ...step, arguments: text });
    if (call) return [call];
    for (const inner of elementsOf(step.content)) {
      const own = isJsonObject(inner) ? callOfStep(inner) : undefined;
      if (own) return [own];
    }
  }
  return unlistedCalls('gemini-interactions', STEPS, [step]);
}
