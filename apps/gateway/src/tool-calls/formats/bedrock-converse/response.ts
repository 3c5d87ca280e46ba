import type { Json, JsonObject } from '@iris/contracts';
import { IdMaker, toRequestedCall } from '../../call-pairing.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject, paramsFromText } from '../../tool-params.js';
import type { RequestedCall } from '../llm-format.js';

/** The calls of a whole response. */
export function responseCalls(response: JsonObject): RequestedCall[] | undefined {
  const message = objectOf(objectOf(response.output)?.message);
  if (!message) return undefined;
  const uses = [...objectsIn(message.content)].map(([, block]) => objectOf(block.toolUse));
  return requested(uses.filter((use) => use !== undefined));
}

/** The input is an object in a whole response and a text in a stream. */
function requested(uses: readonly JsonObject[]): RequestedCall[] {
  const ids = new IdMaker();
  return uses.map((use) => {
    const params = typeof use.input === 'string' ? paramsFromText(use.input) : paramsFromObject(use.input);
    const serverSide = use.type === 'server_tool_use';
    const found = { name: textOf(use.name) ?? 'unknown', rawArguments: use.input, ...params, serverSide };
    return toRequestedCall(ids.idOf(idOf(use.toolUseId), found), found);
  });
}

/** The calls of a stream: a block starts with the name and gets its input in pieces of text. */
export function streamedCalls(messages: readonly JsonObject[]): RequestedCall[] | undefined {
  const uses = new Map<Json | undefined, JsonObject>();
  let recognised = false;
  for (const message of messages) {
    const start = eventOf(message, 'contentBlockStart');
    const delta = eventOf(message, 'contentBlockDelta');
    if (start || delta || eventOf(message, 'messageStart') || eventOf(message, 'messageStop')) recognised = true;
    const begun = objectOf(objectOf(start?.start)?.toolUse);
    if (start && begun) uses.set(start.contentBlockIndex, { ...begun, input: '' });
    const piece = textOf(objectOf(objectOf(delta?.delta)?.toolUse)?.input);
    const use = uses.get(delta?.contentBlockIndex);
    if (piece !== undefined && use) use.input = `${use.input}${piece}`;
  }
  return recognised ? requested([...uses.values()]) : undefined;
}

/** An event is wrapped in its name, or stands bare with the fields that only it has. */
function eventOf(message: JsonObject, name: string): JsonObject | undefined {
  const wrapped = objectOf(message[name]);
  if (wrapped) return wrapped;
  if (message.contentBlockIndex === undefined) return undefined;
  if (name === 'contentBlockStart' && message.start !== undefined) return message;
  return name === 'contentBlockDelta' && message.delta !== undefined ? message : undefined;
}
