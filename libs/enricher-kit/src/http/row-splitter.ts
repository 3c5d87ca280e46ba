const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const OPEN_LIST = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_LIST = 0x5d;

/**
 * Splits the JSON text of an object into the rows of one of its lists and the rest of it, as the text arrives, so that
 * neither the text nor all rows are in memory at once. `JSON.parse` reads each row and the rest, so text that is no JSON
 * is refused as it would be whole.
 */
export class RowSplitter {
  readonly #rest: Buffer[] = [];
  #row: Buffer[] = [];
  #rows = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Parts of a string at the top level that is not complete yet, and the last complete one, with its quotes. */
  #open: Buffer[] | undefined;
  #lastString = '';
  #isListNext = false;
  #inList = false;
  #hadList = false;

  /**
   * @param list name of the list at the top level
   * @param onRow called with each row
   */
  constructor(
    private readonly list: string,
    private readonly onRow: (row: unknown) => void,
  ) {}

  /** @throws SyntaxError for a row that is no JSON, and for a second list of the name: either could be the one meant */
  write(chunk: Buffer): void {
    let from = 0;
    let stringFrom = 0;
    const keep = (end: number) => {
      if (end > from) (this.#inList ? this.#row : this.#rest).push(chunk.subarray(from, end));
      from = end;
    };
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          this.#endString(chunk.subarray(stringFrom, at + 1));
        }
      } else if (byte === QUOTE) {
        this.#inString = true;
        stringFrom = at;
        if (this.#depth === 1) this.#open = [];
      } else if (byte === COLON && this.#depth === 1) {
        this.#isListNext = JSON.parse(this.#lastString) === this.list;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.#depth += 1;
        if (this.#depth === 2 && byte === OPEN_LIST && this.#isListNext) {
          keep(at + 1);
          this.#startList();
        }
        this.#isListNext = false;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (this.#depth === 2 && this.#inList) {
          keep(at);
          this.#endRow(this.#rows > 0);
          this.#inList = false;
        }
        this.#depth -= 1;
      } else if (byte === COMMA && this.#depth === 2 && this.#inList) {
        keep(at);
        from = at + 1;
        this.#endRow(true);
      }
    }
    this.#open?.push(chunk.subarray(stringFrom));
    keep(chunk.length);
  }

  /**
   * The object, with an empty list in the place of the rows.
   *
   * @throws SyntaxError when the text is no JSON, or not all of it
   */
  end(): unknown {
    return JSON.parse(Buffer.concat(this.#rest).toString('utf8'));
  }

  #endString(last: Buffer): void {
    if (this.#open === undefined) return;
    this.#lastString = Buffer.concat([...this.#open, last]).toString('utf8');
    this.#open = undefined;
  }

  #startList(): void {
    if (this.#hadList) throw new SyntaxError(`the list ${this.list} comes twice`);
    this.#hadList = true;
    this.#inList = true;
  }

  /** @param required false for the space between the brackets of an empty list */
  #endRow(required: boolean): void {
    const text = Buffer.concat(this.#row).toString('utf8');
    this.#row = [];
    if (!required && text.trim() === '') return;
    this.#rows += 1;
    this.onRow(JSON.parse(text));
  }
}
