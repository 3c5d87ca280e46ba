const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** A longer key is none of those that are looked for. */
const MAX_KEY_BYTES = 256;

/**
 * Reports the keys of a JSON text at its first two levels, and the value of one of them, while the text arrives, without building it. Linear; holds one
 * key. It accepts more than JSON: what it lets pass is checked by the receiver.
 */
export class MessageScanner {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private expectsKey = false;
  private key: number[] | undefined;
  private parent = '';
  private lastKey = '';
  private isValue = false;

  /**
   * @param onKey called with the depth, the key and, at depth 2, the key of its object
   * @param watchedKey key at depth 2 whose value is reported too
   */
  constructor(
    private readonly onKey: (depth: 1 | 2, key: string, parent: string) => void,
    private readonly watchedKey: string,
    private readonly onValue: (value: string, parent: string) => void,
  ) {}

  /** Whether every value that began has ended; true for an empty text. */
  get isComplete(): boolean {
    return this.depth === 0 && !this.inString;
  }

  write(bytes: Uint8Array): void {
    const { length } = bytes;
    let at = 0;
    while (at < length) {
      if (this.inString) {
        at = this.key === undefined ? this.skipString(bytes, at) : this.readKey(bytes, at);
        continue;
      }
      this.structure(bytes[at] as number);
      at += 1;
    }
  }

  private structure(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.inString = true;
        this.escaped = false;
        this.isValue = !this.expectsKey && this.depth === 2 && this.lastKey === this.watchedKey;
        this.key = (this.expectsKey && this.depth <= 2) || this.isValue ? [] : undefined;
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.depth += 1;
        this.expectsKey = byte === OPEN_OBJECT;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.depth -= 1;
        this.expectsKey = false;
        break;
      case COMMA:
        // After a comma of an array at depth 2 a string would be read as a key: it reports more than there is.
        this.expectsKey = this.depth <= 2;
        break;
      case COLON:
        this.expectsKey = false;
        break;
    }
  }

  private skipString(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length) {
      if (this.escaped) {
        this.escaped = false;
        at += 1;
        continue;
      }
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote === -1 ? bytes.length : quote;
      let backslashes = 0;
      while (end - 1 - backslashes >= at && bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
      const isEscaped = backslashes % 2 === 1;
      if (quote === -1) {
        this.escaped = isEscaped;
        return end;
      }
      at = quote + 1;
      if (!isEscaped) {
        this.inString = false;
        return at;
      }
    }
    return at;
  }

  private readKey(bytes: Uint8Array, start: number): number {
    const key = this.key as number[];
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (!this.escaped && byte === QUOTE) {
        this.inString = false;
        this.key = undefined;
        this.report(key);
        return at + 1;
      }
      this.escaped = !this.escaped && byte === BACKSLASH;
      if (key.length <= MAX_KEY_BYTES) key.push(byte);
    }
    return bytes.length;
  }

  private report(bytes: readonly number[]): void {
    const text = keyText(bytes);
    if (this.isValue) {
      this.onValue(text, this.parent);
      return;
    }
    this.lastKey = text;
    if (this.depth === 1) {
      this.parent = text;
      this.onKey(1, text, '');
    } else if (this.depth === 2) this.onKey(2, text, this.parent);
  }
}

function keyText(bytes: readonly number[]): string {
  const raw = Buffer.from(bytes).toString('utf8');
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return raw;
  }
}
