import type { JsonObject } from '@iris/contracts';
import { elementsOf, nodesOf, unlistedCalls } from '../../closed-world/index.js';
import { idOf, objectOf, textOf } from '../../json-access.js';
import type { ResponseCall } from '../llm-format.js';
import { callsOfMessage } from './calls.js';
import { CONTENT_PARTS, TOOL_CALLS } from './kinds.js';

export function isResponse(message: JsonObject): boolean {
  return message.choices !== undefined || /^chat\.completion/.test(textOf(message.object) ?? '');
}

/** A call that is being put together from pieces. */
interface Draft {
  readonly kind: 'function' | 'custom';
  id: string | undefined;
  name: string;
  text: string;
  /** Whether the text ends with a brace. */
  closes: boolean;
}

/** A call that came whole, or one in pieces. */
type Entry = ResponseCall | { readonly draft: Draft };

/**
 * The calls of all choices of a response, whole or streamed. Pieces of a streamed call belong together by `index`. Some
 * servers leave the index out or use it again for another call, so a new id, another name, or a name behind complete
 * arguments begins a new call.
 */
export function responseCalls(messages: readonly JsonObject[]): ResponseCall[] {
  const choices = new Map<number, Entry[]>();
  const open = new Map<string, Draft>();
  for (const message of messages) {
    for (const [position, choice] of nodesOf(message.choices).entries()) {
      const index = typeof choice.index === 'number' ? choice.index : position;
      const entries = choices.get(index) ?? [];
      choices.set(index, entries);
      const whole = objectOf(choice.message);
      if (whole) for (const call of [...callsOfMessage(whole), ...unlistedIn(whole)]) entries.push(call);
      const delta = objectOf(choice.delta);
      if (delta) takeDelta(delta, `${index}`, entries, open);
    }
  }
  const ordered = [...choices].sort(([left], [right]) => left - right);
  return ordered.flatMap(([, entries]) =>
    entries.flatMap((entry) => ('draft' in entry ? finished(entry.draft) : entry)),
  );
}

function takeDelta(delta: JsonObject, choice: string, entries: Entry[], open: Map<string, Draft>): void {
  for (const piece of nodesOf(delta.tool_calls)) takePiece(piece, choice, entries, open);
  const { tool_calls: pieces, function_call: legacy, ...rest } = delta;
  const odd = elementsOf(pieces).filter((piece) => !objectOf(piece));
  for (const call of [...callsOfMessage(rest), ...unlistedIn({ ...rest, tool_calls: odd })]) entries.push(call);
  const named = objectOf(legacy);
  if (named) takePiece({ index: 'legacy', function: named }, choice, entries, open);
}

/** What a message holds in the places of calls that is of no listed kind. */
function unlistedIn(message: JsonObject): ResponseCall[] {
  return [
    ...unlistedCalls('openai-chat', TOOL_CALLS, message.tool_calls),
    ...unlistedCalls('openai-chat', CONTENT_PARTS, message.content),
  ];
}

function takePiece(piece: JsonObject, choice: string, entries: Entry[], open: Map<string, Draft>): void {
  const id = idOf(piece.id);
  const custom = objectOf(piece.custom);
  const inner = custom ?? objectOf(piece.function) ?? {};
  const name = textOf(inner.name) ?? '';
  const text = textOf(custom ? inner.input : inner.arguments) ?? '';
  const slot = `${choice}:${String(piece.index ?? 'none')}`;
  let draft = open.get(slot);
  if (!draft || isAnotherCall(draft, id, name, text)) {
    draft = { kind: custom ? 'custom' : 'function', id, name: '', text: '', closes: false };
    open.set(slot, draft);
    entries.push({ draft });
  }
  draft.id ??= id;
  if (draft.name === '') draft.name = name;
  draft.text += text;
  if (text.trim() !== '') draft.closes = text.trimEnd().endsWith('}');
}

function isAnotherCall(draft: Draft, id: string | undefined, name: string, text: string): boolean {
  if (id !== undefined && draft.id !== undefined) return id !== draft.id;
  if (name === '' || draft.name === '') return false;
  // Servers that repeat the name with each piece send no second beginning of the arguments.
  return (
    name !== draft.name || (draft.closes && text.trimStart().startsWith('{')) || (text === '' && draft.text === '')
  );
}

function finished(draft: Draft): ResponseCall[] {
  const entry: JsonObject =
    draft.kind === 'custom'
      ? { type: 'custom', custom: { name: draft.name, input: draft.text } }
      : { type: 'function', function: { name: draft.name, arguments: draft.text } };
  return callsOfMessage({ tool_calls: [entry] }).map(({ found }) => ({ id: draft.id, found }));
}
