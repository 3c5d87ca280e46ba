import type { JsonObject } from '@iris/contracts';
import { IdMaker, toRequestedCall } from '../../call-pairing.js';
import { objectOf, objectsIn, textOf } from '../../json-access.js';
import type { RequestedCall } from '../llm-format.js';
import { callOfItem } from './calls.js';

/** The calls of a whole response. */
export function responseCalls(response: JsonObject): RequestedCall[] | undefined {
  if (!Array.isArray(response.output)) return undefined;
  return requested([...objectsIn(response.output)].map(([, item]) => item));
}

function requested(items: readonly JsonObject[]): RequestedCall[] {
  const ids = new IdMaker();
  return items.flatMap((item) => {
    const call = callOfItem(item);
    return call ? [toRequestedCall(ids.idOf(call.id, call.found), call.found)] : [];
  });
}

/**
 * The calls of a stream. The final event holds the whole response; a stream that was cut short is put together from
 * the items that were done, and from the pieces of those that were not.
 */
export function streamedCalls(messages: readonly JsonObject[]): RequestedCall[] | undefined {
  const items = new Map<string, JsonObject>();
  let recognised = false;
  for (const message of messages) {
    const type = textOf(message.type) ?? '';
    if (!type.startsWith('response.')) continue;
    recognised = true;
    const whole = objectOf(message.response);
    if (FINAL_EVENTS.has(type) && Array.isArray(whole?.output) && whole.output.length > 0) return responseCalls(whole);
    const slot = String(message.output_index ?? message.item_id ?? '');
    const item = objectOf(message.item);
    if (item && (type === 'response.output_item.added' || type === 'response.output_item.done')) {
      items.set(String(message.output_index ?? item.id ?? ''), item);
    } else if (TEXT_EVENTS.has(type)) addText(items, slot, message, type);
  }
  return recognised ? requested([...items.values()]) : undefined;
}

const FINAL_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed']);

const TEXT_EVENTS = new Map([
  ['response.function_call_arguments.delta', 'arguments'],
  ['response.function_call_arguments.done', 'arguments'],
  ['response.mcp_call_arguments.delta', 'arguments'],
  ['response.mcp_call_arguments.done', 'arguments'],
  ['response.custom_tool_call_input.delta', 'input'],
  ['response.custom_tool_call_input.done', 'input'],
]);

function addText(items: Map<string, JsonObject>, slot: string, message: JsonObject, type: string): void {
  const item = items.get(slot);
  const field = TEXT_EVENTS.get(type);
  if (!item || field === undefined) return;
  const whole = textOf(message[field]);
  const text = whole ?? (textOf(item[field]) ?? '') + (textOf(message.delta) ?? '');
  items.set(slot, { ...item, [field]: text });
}
