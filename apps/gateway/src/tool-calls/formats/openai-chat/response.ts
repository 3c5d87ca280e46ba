import type { JsonObject } from '@iris/contracts';
import { IdMaker, toRequestedCall } from '../../call-pairing.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import type { RequestedCall } from '../llm-format.js';
import { callsOfMessage, type MessageCall } from './calls.js';

/** The calls of all choices of a whole response. */
export function responseCalls(response: JsonObject): RequestedCall[] | undefined {
  if (!Array.isArray(response.choices) || textOf(response.object) === 'chat.completion.chunk') return undefined;
  const messages = [...objectsIn(response.choices)].map(([, choice]) => objectOf(choice.message));
  if (messages.some((message) => message === undefined)) return undefined;
  return requested(messages.flatMap((message) => callsOfMessage(message ?? {})));
}

function requested(calls: readonly MessageCall[]): RequestedCall[] {
  const ids = new IdMaker();
  return calls.map(({ id, found }) => toRequestedCall(ids.idOf(id, found), found));
}

/** A call that is being put together from pieces. */
interface Draft {
  readonly kind: 'function' | 'custom';
  id: string | undefined;
  name: string;
  text: string;
}

/**
 * The calls of a stream. Pieces belong together by `index`; some servers leave the index out or use it again for
 * another call, so a new id or a second name begins a new call.
 */
export function streamedCalls(messages: readonly JsonObject[]): RequestedCall[] | undefined {
  const choices = new Map<number, Draft[]>();
  const open = new Map<string, Draft>();
  let recognised = false;
  for (const message of messages) {
    if (!Array.isArray(message.choices)) continue;
    recognised = true;
    for (const [position, choice] of objectsIn(message.choices)) {
      const choiceIndex = typeof choice.index === 'number' ? choice.index : position;
      const drafts = choices.get(choiceIndex) ?? [];
      choices.set(choiceIndex, drafts);
      const delta = objectOf(choice.delta) ?? objectOf(choice.message);
      for (const [, piece] of objectsIn(delta?.tool_calls)) takePiece(piece, `${choiceIndex}`, drafts, open);
      const legacy = objectOf(delta?.function_call);
      if (legacy) takePiece({ index: 'legacy', function: legacy }, `${choiceIndex}`, drafts, open);
    }
  }
  if (!recognised) return undefined;
  const drafts = [...choices].sort(([left], [right]) => left - right).flatMap(([, list]) => list);
  return requested(drafts.flatMap(finished));
}

function takePiece(piece: JsonObject, choice: string, drafts: Draft[], open: Map<string, Draft>): void {
  const id = idOf(piece.id);
  const custom = objectOf(piece.custom);
  const inner = custom ?? objectOf(piece.function) ?? {};
  const name = textOf(inner.name) ?? '';
  const text = textOf(custom ? inner.input : inner.arguments) ?? '';
  const slot = `${choice}:${String(piece.index ?? 'none')}`;
  let draft = open.get(slot);
  if (!draft || isAnotherCall(draft, id, piece, name)) {
    draft = { kind: custom ? 'custom' : 'function', id, name: '', text: '' };
    open.set(slot, draft);
    drafts.push(draft);
  }
  draft.id ??= id;
  if (draft.name === '') draft.name = name;
  draft.text += text;
}

function isAnotherCall(draft: Draft, id: string | undefined, piece: JsonObject, name: string): boolean {
  if (id !== undefined) return draft.id !== undefined && id !== draft.id;
  return piece.index === undefined && name !== '' && draft.name !== '';
}

function finished(draft: Draft): MessageCall[] {
  const entry: JsonObject =
    draft.kind === 'custom'
      ? { type: 'custom', custom: { name: draft.name, input: draft.text } }
      : { type: 'function', function: { name: draft.name, arguments: draft.text } };
  return callsOfMessage({ tool_calls: [entry] }).map(({ found }) => ({ id: draft.id, found }));
}
