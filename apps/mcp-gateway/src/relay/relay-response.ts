import { EventLines } from '../upstreams/event-lines.js';
import { UpstreamError, type UpstreamResponse } from '../upstreams/upstream.js';
import { MessageGate } from './message-gate.js';
import type { PacedWriter } from './paced-writer.js';

/** What is done with the messages of a response. */
export interface MessageRules {
  /** Largest message that is read as a whole, in bytes. */
  readonly maxReadBytes: number;
  /**
   * The text to send in place of a message: the same, an edited one, or undefined to leave the message out.
   *
   * @throws UpstreamError when the text is no message
   */
  treat(text: string): Promise<string | undefined>;
}

/** A stream into which messages of the gateway itself can be put. */
export interface OpenStream {
  /** Sends a message between two events. A client that reads nothing gets none. */
  inject(text: string): void;
  /** Ends the stream between two events. */
  end(): void;
}

/** Passes on a response that is one JSON message. */
export async function relayJson(response: UpstreamResponse, writer: PacedWriter, rules: MessageRules): Promise<void> {
  const gate = new MessageGate(rules.maxReadBytes);
  const held: Uint8Array[] = [];
  let streams = false;
  for await (const bytes of response.body) {
    const passes = gate.write(bytes);
    if (!passes) held.push(bytes);
    else {
      if (!streams) for (const each of held.splice(0)) await writer.write(each);
      streams = true;
      await writer.write(bytes);
    }
  }
  const whole = gate.end();
  if (whole === undefined || whole.bytes.length === 0) writer.end();
  else writer.end(whole.mustRead ? await rules.treat(whole.bytes.toString('utf8')) : whole.bytes);
}

/** Passes on a response that is one JSON message on a stream that is open: as its last event. */
export async function relayJsonAsEvent(
  response: UpstreamResponse,
  writer: PacedWriter,
  rules: MessageRules,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of response.body) {
    size += bytes.length;
    if (size > rules.maxReadBytes) throw new UpstreamError('a message of the server exceeds mcp.maxReadBytes');
    chunks.push(bytes);
  }
  const treated = await rules.treat(Buffer.concat(chunks).toString('utf8'));
  // A line break between two values would end the line of the event.
  writer.end(treated === undefined ? undefined : eventText(treated.replace(/[\r\n]+/g, ' ')));
}

/** Passes on a stream of events. */
export async function relayEvents(
  response: UpstreamResponse,
  writer: PacedWriter,
  rules: MessageRules,
  onOpen?: (stream: OpenStream) => () => void,
): Promise<void> {
  const relay = new EventRelay(writer, rules);
  const close = onOpen?.(relay);
  writer.flushHead();
  try {
    for await (const bytes of response.body) await relay.write(bytes);
    writer.end();
  } finally {
    close?.();
  }
}

/** What an event comes to: bytes that are passed on, or a whole message with the bytes of its event. */
type Output = Uint8Array | { readonly raw: Buffer; readonly text: string };

class EventRelay implements OpenStream {
  private readonly lines: EventLines;
  private gate: MessageGate;
  private raw: Uint8Array[] = [];
  private passes = false;
  private outputs: Output[] = [];
  private waiting: string[] = [];

  constructor(
    private readonly writer: PacedWriter,
    private readonly rules: MessageRules,
  ) {
    this.gate = this.newGate();
    this.lines = new EventLines({
      data: (bytes) => {
        this.passes = this.gate.write(bytes);
      },
      raw: (bytes) => {
        if (this.passes) this.outputs.push(...this.raw.splice(0), bytes);
        else this.raw.push(bytes);
      },
      end: () => this.endEvent(),
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.lines.write(bytes);
    for (const output of this.outputs.splice(0)) {
      if (output instanceof Uint8Array) await this.writer.write(output);
      else await this.writeWhole(output.raw, output.text);
    }
    if (!this.passes) for (const text of this.waiting.splice(0)) await this.writer.write(text);
  }

  inject(text: string): void {
    const event = eventText(text);
    if (this.writer.isBehind) return;
    if (this.passes) this.waiting.push(event);
    else void this.writer.write(event);
  }

  end(): void {
    this.writer.end();
  }

  private endEvent(): void {
    const message = this.gate.end();
    if (message !== undefined) {
      const raw = Buffer.concat(this.raw.splice(0));
      // Comments and events without a message keep the stream alive, or name it.
      const isRead = message.mustRead && message.bytes.length > 0;
      this.outputs.push(isRead ? { raw, text: message.bytes.toString('utf8') } : raw);
    }
    this.passes = false;
    this.raw = [];
    this.gate = this.newGate();
  }

  private async writeWhole(raw: Buffer, text: string): Promise<void> {
    const treated = await this.rules.treat(text);
    if (treated === text) await this.writer.write(raw);
    else if (treated !== undefined) await this.writer.write(withData(raw, treated));
  }

  private newGate(): MessageGate {
    return new MessageGate(this.rules.maxReadBytes);
  }
}

export function eventText(message: string): string {
  return `event: message\ndata: ${message}\n\n`;
}

/** The event with other data: its id and its type are as they were. */
function withData(raw: Buffer, message: string): string {
  const others = raw
    .toString('utf8')
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '' && !/^data(:|$)/.test(line));
  return [...others, `data: ${message}`, '', ''].join('\n');
}
