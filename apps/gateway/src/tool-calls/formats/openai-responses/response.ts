import type { JsonObject } from '@iris/contracts';
import { nodesOf, unlistedCalls } from '../../closed-world/index.js';
import { idOf, objectOf, textOf } from '../../json-access.js';
import type { ResponseCall } from '../llm-format.js';
import { callOfItem } from './calls.js';
import { CONTENT_PARTS, ITEMS } from './kinds.js';

export function isResponse(message: JsonObject): boolean {
  const type = textOf(message.type) ?? '';
  return type.startsWith('response.') || message.object === 'response' || isOutput(message.output);
}

/** A list of items, or one item in its place; Bedrock Converse has a message there. */
function isOutput(output: JsonObject[string] | undefined): boolean {
  return Array.isArray(output) || objectOf(output)?.type !== undefined;
}

/** An item that is put together from the events about it. */
interface Draft {
  item: JsonObject;
  /** Pieces of the arguments that have arrived so far, by field. */
  readonly texts: Map<string, string>;
}

/**
 * The calls of a response, whole or streamed. The final event of a stream holds the whole response; an item that only
 * an earlier event names is kept, and one that was cut short is put together from its pieces.
 */
export function responseCalls(messages: readonly JsonObject[]): ResponseCall[] {
  const drafts = new Drafts();
  const unlisted: ResponseCall[] = [];
  for (const message of messages) {
    const whole = objectOf(message.response) ?? message;
    drafts.startList();
    for (const [index, item] of nodesOf(whole.output).entries()) drafts.add(item, index);
    const odd = Array.isArray(whole.output) ? whole.output.filter((item) => !objectOf(item)) : [];
    for (const call of unlistedCalls('openai-responses', ITEMS, odd)) unlisted.push(call);
    const item = objectOf(message.item);
    if (item) drafts.add(item, message.output_index, message.type === 'response.output_item.added');
    drafts.addText(message);
  }
  const calls = drafts.all.flatMap((draft) => {
    const item = { ...draft.item };
    for (const [field, text] of draft.texts) if (!textOf(item[field])) item[field] = text;
    const call = callOfItem(item);
    if (call) return [{ id: call.id, found: call.found }];
    return [
      ...unlistedCalls('openai-responses', ITEMS, item),
      ...unlistedCalls('openai-responses', CONTENT_PARTS, item.type === 'message' ? item.content : undefined),
    ];
  });
  return unlisted.length === 0 ? calls : [...calls, ...unlisted];
}

class Drafts {
  readonly all: Draft[] = [];
  readonly #byName = new Map<string, Draft>();
  #inList = new Set<Draft>();

  /** Two items of one list are never the same item. */
  startList(): void {
    this.#inList = new Set();
  }

  /** An event about an item that is there already replaces it; an item of another id or type is another one. */
  add(item: JsonObject, index: unknown, isNew = false): void {
    const names = namesOf(item, index);
    const isKnown = (draft: Draft | undefined) => draft && !this.#inList.has(draft) && isSame(draft.item, item);
    const known = isNew ? undefined : names.map((name) => this.#byName.get(name)).find(isKnown);
    const draft = known ?? { item, texts: new Map<string, string>() };
    if (!known) this.all.push(draft);
    this.#inList.add(draft);
    draft.item = item;
    for (const name of names) this.#byName.set(name, draft);
  }

  addText(event: JsonObject): void {
    const field = TEXT_EVENTS.get(textOf(event.type) ?? '');
    const draft =
      this.#byName.get(`id:${textOf(event.item_id)}`) ?? this.#byName.get(`index:${String(event.output_index)}`);
    if (!draft || field === undefined) return;
    draft.texts.set(field, textOf(event[field]) ?? (draft.texts.get(field) ?? '') + (textOf(event.delta) ?? ''));
  }
}

/** Some servers change the id of an item between events, so the call's id comes first and the place last. */
function namesOf(item: JsonObject, index: unknown): string[] {
  const names = [`call:${textOf(item.call_id)}`, `id:${textOf(item.id)}`];
  const present = [idOf(item.call_id) !== undefined, idOf(item.id) !== undefined];
  return [...names.filter((_, at) => present[at]), ...(index === undefined ? [] : [`index:${String(index)}`])];
}

function isSame(left: JsonObject, right: JsonObject): boolean {
  if (left.type !== right.type || textOf(left.name) !== textOf(right.name)) return false;
  const [one, other] = [idOf(left.call_id), idOf(right.call_id)];
  return one === undefined || other === undefined || one === other;
}

const TEXT_EVENTS = new Map([
  ['response.function_call_arguments.delta', 'arguments'],
  ['response.function_call_arguments.done', 'arguments'],
  ['response.mcp_call_arguments.delta', 'arguments'],
  ['response.mcp_call_arguments.done', 'arguments'],
  ['response.custom_tool_call_input.delta', 'input'],
  ['response.custom_tool_call_input.done', 'input'],
  ['response.code_interpreter_call_code.delta', 'code'],
  ['response.code_interpreter_call_code.done', 'code'],
]);
