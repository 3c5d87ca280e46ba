import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { EvidenceRecord } from '../record.js';
import { canonicalJson } from './canonical-json.js';
import { type ChainEnd, type ChainLink, NO_PREDECESSOR } from './chain-fields.js';
import { type ChainHead, HEAD_SCHEMA } from './chain-head.js';
import { linkHash, personalHash, splitRecord } from './record-hash.js';
import type { SigningKey } from './signing-key.js';

export interface ChainOptions {
  /** After how many records a head follows. */
  readonly headRecords: number;
  /** After how many s a head follows; 0 for none by time. */
  readonly headSeconds: number;
  /** Without one heads have no signature. */
  readonly key?: SigningKey;
}

/** Lines that continue a chain. They count as written once `commit` is called; without it the chain stands where it stood. */
export interface ChainedLines {
  readonly lines: readonly string[];
  commit(): void;
}

interface Position {
  readonly seq: number;
  readonly hash: string;
  readonly sinceHead: number;
}

const START: Position = { seq: 0, hash: NO_PREDECESSOR, sinceHead: 0 };
const SALT_BYTES = 16;
/** Random bytes are drawn for many records at once; a draw costs more than a hash. */
const SALTS_AT_ONCE = 256;

/** Makes each line a link of one chain. */
export class ChainWriter {
  private id = '';
  private ended: readonly ChainEnd[] = [];
  private position = START;
  private dropped = 0;
  private readonly salts = Buffer.alloc(SALT_BYTES * SALTS_AT_ONCE);
  private saltAt = this.salts.length;

  constructor(private readonly options: ChainOptions) {}

  get headSeconds(): number {
    return this.options.headSeconds;
  }

  /** Begins a chain. What the one before had reached is stated by the next head. */
  begin(id: string): void {
    const { end } = this;
    if (end !== undefined) this.continue([end]);
    this.id = id;
    this.position = START;
    this.dropped = 0;
  }

  /** Has the next head state where the chains of earlier runs ended. */
  continue(ends: readonly ChainEnd[]): void {
    this.ended = [...this.ended, ...ends];
  }

  /** Where the chain stands; undefined before its first link. */
  get end(): ChainEnd | undefined {
    const { seq, hash } = this.position;
    return seq === 0 ? undefined : { id: this.id, seq, hash };
  }

  /** Counts records that could not be written; the next head states how many there are. */
  drop(records: number): void {
    this.dropped += records;
  }

  /** The lines of records, with heads where they are due. */
  link(records: readonly EvidenceRecord[]): ChainedLines {
    const lines: string[] = [];
    let position = this.position;
    for (const record of records) {
      const { impersonal, personal } = splitRecord(record);
      const personalText = canonicalJson(personal);
      const salt = this.nextSalt();
      const link = { ...this.linkAfter(position), personal: personalHash(salt, personalText) };
      const hash = linkHash(impersonal, link);
      lines.push(JSON.stringify({ ...record, chain: { ...link, salt, hash } satisfies ChainLink }));
      position = { seq: link.seq, hash, sinceHead: position.sinceHead + 1 };
      if (position.sinceHead < this.options.headRecords) continue;
      const head = this.headAfter(position, []);
      lines.push(canonicalJson(head));
      position = positionAt(head);
    }
    return this.chained(lines, position);
  }

  /** A head now. @param closes whether it is the last link of the run */
  head(closes: boolean): ChainedLines {
    const { ended } = this;
    const head = this.headAfter(this.position, ended, closes);
    return this.chained([canonicalJson(head)], positionAt(head), ended.length);
  }

  private chained(lines: readonly string[], position: Position, stated = 0): ChainedLines {
    return {
      lines,
      commit: () => {
        this.position = position;
        this.ended = this.ended.slice(stated);
      },
    };
  }

  private headAfter(position: Position, continues: readonly ChainEnd[], closes = false): ChainHead {
    const { key, headRecords, headSeconds } = this.options;
    const about = {
      schema: HEAD_SCHEMA as typeof HEAD_SCHEMA,
      id: uuidv7(),
      time: new Date().toISOString(),
      everyRecords: headRecords,
      everySeconds: headSeconds,
      dropped: this.dropped,
      ...(continues.length === 0 ? {} : { continues: [...continues] }),
      ...(closes ? { closes } : {}),
      ...(key === undefined ? {} : { key: key.id }),
    };
    const link = this.linkAfter(position);
    const hash = linkHash(about, link);
    return {
      ...about,
      chain: { ...link, hash },
      ...(key === undefined ? {} : { signature: key.sign('iris.evidence.head.v1', hash) }),
    };
  }

  private linkAfter({ seq, hash }: Position): Omit<ChainLink, 'hash'> {
    return { id: this.id, seq: seq + 1, prev: hash };
  }

  private nextSalt(): string {
    if (this.saltAt >= this.salts.length) {
      randomFillSync(this.salts);
      this.saltAt = 0;
    }
    const salt = this.salts.toString('hex', this.saltAt, this.saltAt + SALT_BYTES);
    this.saltAt += SALT_BYTES;
    return salt;
  }
}

function positionAt({ chain: { seq, hash } }: ChainHead): Position {
  return { seq, hash, sinceHead: 0 };
}
