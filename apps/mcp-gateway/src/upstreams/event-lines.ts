const LF = 0x0a;
const CR = 0x0d;

/** One event of a stream, part by part. */
export interface EventSink {
  /** Content of the field `data`, without the line end. */
  data(bytes: Uint8Array): void;
  /** Bytes of the stream that belong to the event, exactly as they came. */
  raw(bytes: Uint8Array): void;
  /** The blank line that ends the event has been given to `raw`. */
  end(): void;
}

const DATA = Buffer.from('data');
const NEW_LINE = Buffer.from('\n');

/**
 * Reads a stream of server-sent events without holding it. A line ends with LF, CR or CR LF.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class EventLines {
  /** Where in a line the next byte is: its name, the space after the colon, or its value. */
  private state: 'name' | 'space' | 'value' = 'name';
  private name: number[] = [];
  private lineIsEmpty = true;
  private isData = false;
  private hasData = false;
  private afterCr = false;

  constructor(private readonly sink: EventSink) {}

  write(bytes: Uint8Array): void {
    let at = 0;
    let rawFrom = 0;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (this.afterCr) {
        this.afterCr = false;
        if (byte === LF) {
          at += 1;
          continue;
        }
      }
      if (byte === LF || byte === CR) {
        this.afterCr = byte === CR;
        at += 1;
        const isBlank = this.lineIsEmpty;
        this.endLine();
        if (isBlank) {
          if (this.afterCr && bytes[at] === LF) {
            at += 1;
            this.afterCr = false;
          }
          this.sink.raw(bytes.subarray(rawFrom, at));
          rawFrom = at;
          this.hasData = false;
          this.sink.end();
        }
        continue;
      }
      this.lineIsEmpty = false;
      at = this.inLine(bytes, at);
    }
    if (rawFrom < bytes.length) this.sink.raw(rawFrom === 0 ? bytes : bytes.subarray(rawFrom));
  }

  private inLine(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (this.state === 'name') {
      if (byte !== 0x3a) {
        if (this.name.length <= DATA.length) this.name.push(byte);
        return at + 1;
      }
      this.beginValue();
      this.state = 'space';
      return at + 1;
    }
    if (this.state === 'space') {
      this.state = 'value';
      if (byte === 0x20) return at + 1;
    }
    const end = endOfLine(bytes, at);
    if (this.isData) this.sink.data(bytes.subarray(at, end));
    return end;
  }

  private beginValue(): void {
    this.isData = DATA.equals(Buffer.from(this.name));
    if (this.isData) {
      if (this.hasData) this.sink.data(NEW_LINE);
      this.hasData = true;
    }
  }

  private endLine(): void {
    // A line without a colon is a field without a value.
    if (this.state === 'name' && !this.lineIsEmpty) this.beginValue();
    this.state = 'name';
    this.name = [];
    this.lineIsEmpty = true;
    this.isData = false;
  }
}

function endOfLine(bytes: Uint8Array, from: number): number {
  const lf = bytes.indexOf(LF, from);
  const end = lf === -1 ? bytes.length : lf;
  const cr = bytes.subarray(from, end).indexOf(CR);
  return cr === -1 ? end : from + cr;
}
