import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { parseDocument } from '@iris/json-document';

/** What was read of a response. */
export interface ReadMessages {
  readonly messages: readonly JsonObject[];
  /** False when a part was not read: it may hold a call. */
  readonly complete: boolean;
}

/** How deep lists and texts inside each other are followed, and how deep a message may nest. */
const MAX_LISTS = 8;
const MAX_DEPTH = 100;

/**
 * The JSON objects of a response in whatever form it was kept: one object, a list of objects, server-sent events as
 * one text or as a list of texts. A part that cannot be read never discards the others.
 *
 * A list of texts may be pieces of one long text, because a message may be split over two of them. Where neither the
 * texts alone nor the joined text are fully readable, both readings are answered, so that no call is lost to the wrong
 * one. The cost is linear in the size of the response.
 */
export function messagesOf(value: Json): readonly ReadMessages[] {
  const own = new Reading();
  const texts = Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
  own.read(value, 0);
  if (own.complete || texts.length < 2) return [own];
  const joined = new Reading();
  joined.readText(texts.join(''), 0);
  if (Array.isArray(value) && texts.length < value.length) {
    for (const element of value) if (typeof element !== 'string') joined.read(element, 1);
  }
  return joined.complete ? [joined] : [own, joined];
}

class Reading implements ReadMessages {
  readonly messages: JsonObject[] = [];
  complete = true;

  read(value: Json, lists: number): void {
    if (isJsonObject(value)) this.#readObject(value, lists);
    else if (typeof value === 'string') this.readText(value, lists);
    else if (Array.isArray(value) && lists < MAX_LISTS) for (const element of value) this.read(element, lists + 1);
    else this.complete = false;
  }

  /** An event that was parsed already may carry its payload in `data`, one of InvokeModel in base64 in `bytes`. */
  #readObject(value: JsonObject, lists: number): void {
    const { bytes } = isJsonObject(value.chunk) ? value.chunk : value;
    if (typeof bytes === 'string') this.readText(Buffer.from(bytes, 'base64').toString(), lists + 1);
    else if (value.data !== undefined && Object.keys(value).every((key) => EVENT_FIELDS.has(key))) {
      this.read(value.data, lists + 1);
    } else this.messages.push(value);
  }

  readText(text: string, lists: number): void {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed === DONE) return;
    if (lists > MAX_LISTS) {
      this.complete = false;
      return;
    }
    const whole = parsed(trimmed);
    if (typeof whole === 'object' && whole !== null) this.read(whole, lists + 1);
    else if (whole !== undefined) this.complete = false;
    else this.#readEvents(trimmed);
  }

  /** Server-sent events: the `data` lines of an event belong together, an empty line ends it. */
  #readEvents(text: string): void {
    let data: string[] = [];
    for (const line of [...text.split(/\r\n|\n|\r/), '']) {
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      else if (line !== '' && !/^(?:event|id|retry)?:/.test(line)) this.complete = false;
      if (line !== '' || data.length === 0) continue;
      this.#readData(data);
      data = [];
    }
  }

  /** Some servers leave the empty line out, so each line may be a message of its own. */
  #readData(lines: readonly string[]): void {
    const joined = lines.join('\n').trim();
    if (joined === '' || joined === DONE) return;
    const whole = parsed(joined);
    if (isJsonObject(whole)) {
      this.messages.push(whole);
      return;
    }
    for (const line of lines) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed === DONE) continue;
      const message = parsed(trimmed);
      if (isJsonObject(message)) this.messages.push(message);
      else if (Array.isArray(message)) this.read(message, 1);
      else this.complete = false;
    }
  }
}

const EVENT_FIELDS = new Set(['event', 'data', 'id', 'retry']);
const DONE = '[DONE]';

/** An object with a key twice is not read: another reader may take the other value. */
function parsed(text: string): Json | undefined {
  const result = parseDocument(text, { maxDepth: MAX_DEPTH });
  return result.ok ? result.document.value : undefined;
}
