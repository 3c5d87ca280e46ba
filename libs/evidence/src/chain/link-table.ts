/** Bytes of a hash that are kept: nobody finds a second text for 128 bits of SHA-256. */
const KEPT_BYTES = 16;
const ENTRY_BYTES = 2 * KEPT_BYTES + 1;
const FIRST_ENTRIES = 1024;

/** `changed`: the line is there, and its hashes are of no use. */
export type LinkState = 'absent' | 'present' | 'changed';
const STATES: readonly LinkState[] = ['absent', 'present', 'changed'];

/** The links of one chain by their numbers, 33 bytes each. */
export class LinkTable {
  private entries = Buffer.alloc(0);
  /** Number of the link in the first entry. */
  private base = 0;
  first = 0;
  last = 0;

  state(seq: number): LinkState {
    const at = this.at(seq);
    return at === undefined ? 'absent' : (STATES[this.entries[at] ?? 0] ?? 'absent');
  }

  /** First bytes of hash and predecessor of a link that is present. */
  hashOf(seq: number): string {
    return this.text(seq, 1);
  }

  prevOf(seq: number): string {
    return this.text(seq, 1 + KEPT_BYTES);
  }

  put(seq: number, hash: string, prev: string, state: 'present' | 'changed'): void {
    this.hold(seq);
    const at = (seq - this.base) * ENTRY_BYTES;
    this.entries[at] = STATES.indexOf(state);
    this.entries.write(shortHash(hash), at + 1, 'hex');
    this.entries.write(shortHash(prev), at + 1 + KEPT_BYTES, 'hex');
    this.first = this.first === 0 ? seq : Math.min(this.first, seq);
    this.last = Math.max(this.last, seq);
  }

  private text(seq: number, offset: number): string {
    const at = this.at(seq);
    return at === undefined ? '' : this.entries.toString('hex', at + offset, at + offset + KEPT_BYTES);
  }

  private at(seq: number): number | undefined {
    const at = (seq - this.base) * ENTRY_BYTES;
    return this.last === 0 || at < 0 || at >= this.entries.length ? undefined : at;
  }

  private hold(seq: number): void {
    const held = this.entries.length / ENTRY_BYTES;
    if (this.last === 0) {
      this.base = seq;
      this.entries = Buffer.alloc(FIRST_ENTRIES * ENTRY_BYTES);
    } else if (seq < this.base) {
      const more = Math.min(this.base - 1, Math.max(this.base - seq, held));
      this.entries = Buffer.concat([Buffer.alloc(more * ENTRY_BYTES), this.entries]);
      this.base -= more;
    } else if (seq >= this.base + held) {
      const wanted = Math.max(seq - this.base + 1, 2 * held);
      this.entries = Buffer.concat([this.entries, Buffer.alloc((wanted - held) * ENTRY_BYTES)]);
    }
  }
}

/** The part of a hash that the table keeps. */
export function shortHash(hash: string): string {
  return hash.slice(0, 2 * KEPT_BYTES);
}
