import { EventStreamCodec } from '@smithy/core/event-streams';
import type { StreamMessage } from './llm-format.js';

const utf8 = {
  decode: (bytes: Uint8Array | string): string =>
    typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8'),
  encode: (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8')),
};

const codec = (): EventStreamCodec => new EventStreamCodec(utf8.decode, utf8.encode);

/** One server-sent event. Source: WHATWG HTML, server-sent events. */
export function sseFrame({ event, data }: StreamMessage): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`;
}

/** The data of every event of an SSE text, parsed as JSON where it is JSON (`[DONE]` is not). */
export function sseMessages(text: string): unknown[] {
  const messages: unknown[] = [];
  for (const chunk of text.split(/\r?\n\r?\n/)) {
    const data = chunk
      .split(/\r?\n/)
      .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []))
      .join('\n');
    if (data === '') continue;
    try {
      messages.push(JSON.parse(data));
    } catch {
      messages.push(data);
    }
  }
  return messages;
}

/** One frame of AWS' `application/vnd.amazon.eventstream`. */
export function awsFrame({ event = '', data }: StreamMessage): Uint8Array {
  return codec().encode({
    headers: {
      ':event-type': { type: 'string', value: event },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: 'event' },
    },
    body: utf8.encode(JSON.stringify(data)),
  });
}

/** InvokeModel wraps each event of the model's own stream in a `chunk` frame, base64-encoded. */
export function awsChunk({ data }: StreamMessage): StreamMessage {
  return { event: 'chunk', data: { bytes: Buffer.from(JSON.stringify(data)).toString('base64') } };
}

/** Events of an AWS event stream; `chunk` frames are unwrapped to what they carry. */
export function awsMessages(bytes: Uint8Array): StreamMessage[] {
  const decoder = codec();
  const messages: StreamMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
    const { headers, body } = decoder.decode(bytes.subarray(at, at + length));
    at += length;
    const event = String(headers[':event-type']?.value);
    const data: unknown = JSON.parse(utf8.decode(body));
    const chunk = typeof data === 'object' && data !== null && 'bytes' in data ? data.bytes : undefined;
    messages.push({
      event,
      data: event === 'chunk' ? JSON.parse(Buffer.from(String(chunk), 'base64').toString('utf8')) : data,
    });
  }
  return messages;
}
