import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';

/**
 * The JSON objects of a response in whatever form it was kept: one object, a list of objects, server-sent events as
 * one text or as a list of texts. Pieces of text are joined first, because a message may be split over two of them.
 * Answers undefined when anything cannot be read: a part of a response must not pass for the whole.
 */
export function messagesOf(value: Json): JsonObject[] | undefined {
  if (isJsonObject(value)) return unwrap(value);
  if (typeof value === 'string') return messagesOfText(value);
  if (!Array.isArray(value)) return undefined;
  if (value.every((element) => typeof element === 'string')) return messagesOfTexts(value);
  const messages: JsonObject[] = [];
  for (const element of value) {
    const inner = messagesOf(element);
    if (!inner) return undefined;
    messages.push(...inner);
  }
  return messages;
}

/** An event that was parsed already may carry its payload in `data`, one of InvokeModel in base64 in `bytes`. */
function unwrap(value: JsonObject): JsonObject[] | undefined {
  const { bytes } = isJsonObject(value.chunk) ? value.chunk : value;
  if (typeof bytes === 'string') return messagesOfText(Buffer.from(bytes, 'base64').toString());
  if (typeof value.data === 'string' && Object.keys(value).every((key) => EVENT_FIELDS.has(key))) {
    return value.data.trim() === '' ? [] : messagesOfText(value.data);
  }
  return [value];
}

const EVENT_FIELDS = new Set(['event', 'data', 'id', 'retry']);

/** Each text may be one message, or a piece of one long text. */
function messagesOfTexts(texts: readonly string[]): JsonObject[] | undefined {
  const messages: JsonObject[] = [];
  for (const text of texts) {
    const own = messagesOfText(text);
    if (!own) return messagesOfText(texts.join(''));
    messages.push(...own);
  }
  return messages;
}

function messagesOfText(text: string): JsonObject[] | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '[DONE]') return [];
  const whole = parsed(trimmed);
  if (whole !== undefined) return typeof whole === 'object' && whole !== null ? messagesOf(whole) : undefined;
  return messagesOfEvents(trimmed);
}

/** Server-sent events: the `data` lines of an event belong together, an empty line ends it. */
function messagesOfEvents(text: string): JsonObject[] | undefined {
  const messages: JsonObject[] = [];
  let data: string[] = [];
  for (const line of [...text.split(/\r\n|\n|\r/), '']) {
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    else if (line !== '' && !/^(?:event|id|retry)?:/.test(line)) return undefined;
    if (line !== '' || data.length === 0) continue;
    const inner = messagesOfData(data);
    if (!inner) return undefined;
    messages.push(...inner);
    data = [];
  }
  return messages;
}

/** Some servers leave the empty line out, so each line may be a message of its own. */
function messagesOfData(lines: readonly string[]): JsonObject[] | undefined {
  const joined = lines.join('\n').trim();
  if (joined === '' || joined === '[DONE]') return [];
  const whole = parsed(joined);
  if (isJsonObject(whole)) return [whole];
  const messages: JsonObject[] = [];
  for (const line of lines) {
    if (line.trim() === '[DONE]') continue;
    const message = parsed(line);
    if (!isJsonObject(message)) return undefined;
    messages.push(message);
  }
  return messages;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
