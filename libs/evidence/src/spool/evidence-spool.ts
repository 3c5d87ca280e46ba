import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { keepChainEnd, takeChainEnds } from '../chain/chain-ends.js';
import type { ChainedLines, ChainWriter } from '../chain/chain-writer.js';
import type { EvidenceRecord } from '../record.js';
import { takeOrphans } from './orphans.js';
import { Segment } from './segment.js';
import { dropLease, isHeld, renewLease, takeLease } from './writer-lease.js';

export interface SpoolOptions {
  /** Holds one folder per process; several processes may share it. */
  readonly directory: string;
  /** Most bytes of this process' segments, those taken over included. */
  readonly maxBytes: number;
  /** What happens to hooks when the spool is full or the disk refuses: new enforcement blocks, or records are dropped. */
  readonly onFull: 'block' | 'drop';
  /** A segment is closed at this size, in bytes... */
  readonly segmentBytes: number;
  /** ...or this age, in ms. */
  readonly segmentMs: number;
  /** How often what was written is forced onto the disk, in ms: the most that a power loss can take. */
  readonly fsyncMs: number;
  /** Makes the lines of each run a chain that continues the one of the run before. Without it lines are plain records. */
  readonly chain?: ChainWriter;
  /** Called for errors that no caller sees. */
  onError(error: Error): void;
}

/** The spool holds as much as it may. */
export class SpoolFullError extends Error {
  override readonly name = 'SpoolFullError';
}

/** How often the lease is renewed and segments of dead processes are looked for, in ms. */
const HEARTBEAT_MS = 5000;
/** From this share of the limit on nothing new is accepted when it would have to be dropped, so that what is in flight still fits. */
const ACCEPTING_SHARE = 0.9;

/**
 * The local spool: append-only files of JSON lines. A record is handed to the operating system before `append` returns,
 * so it survives the death of the process; it is forced onto the disk in groups. Segments that dead processes left in
 * the same directory are taken over.
 */
export class EvidenceSpool {
  private folder = '';
  private writer = '';
  private sequence = 0;
  private file: { readonly descriptor: number; readonly segment: Segment; readonly openedAt: number } | undefined;
  private readonly held = new Map<string, Segment>();
  private unsynced = false;
  private refused = false;
  private closed = false;
  private readonly timers: NodeJS.Timeout[];
  /** Called after each append. */
  onAppend: () => void = () => {};

  /** @throws Error when the directory cannot be made or written */
  constructor(private readonly options: SpoolOptions) {
    this.open();
    this.takeChainEnds();
    this.takeOrphans();
    this.appendHead(false);
    const headSeconds = options.chain?.headSeconds ?? 0;
    this.timers = [
      ...(headSeconds === 0 ? [] : [setInterval(() => this.appendHead(false), headSeconds * 1000).unref()]),
      setInterval(() => this.sync(), options.fsyncMs).unref(),
      setInterval(() => this.beat(), HEARTBEAT_MS).unref(),
    ];
  }

  /** All segments, the oldest first. */
  get segments(): readonly Segment[] {
    return [...this.held.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Bytes in all segments. */
  get bytes(): number {
    let sum = 0;
    for (const { size } of this.held.values()) sum += size;
    return sum;
  }

  /** Whether a decision made now can be recorded; always true when records are to be dropped in need. */
  accepting(): boolean {
    if (this.options.onFull === 'drop') return true;
    return !this.refused && this.bytes < this.options.maxBytes * ACCEPTING_SHARE;
  }

  /**
   * Appends records as one write: all of them or none.
   *
   * @throws SpoolFullError at the limit; Error when the disk refuses
   */
  append(records: readonly EvidenceRecord[]): void {
    if (records.length === 0) return;
    try {
      this.appendLines(this.options.chain?.link(records) ?? plainLines(records));
    } catch (error) {
      this.options.chain?.drop(records.length);
      throw error;
    }
  }

  private appendLines({ lines, commit }: ChainedLines): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    if (this.bytes + bytes.length > this.options.maxBytes) throw new SpoolFullError('the evidence spool is full');
    try {
      this.write(bytes);
      this.refused = false;
    } catch (error) {
      this.refused = true;
      throw error;
    }
    commit();
    this.unsynced = true;
    this.onAppend();
  }

  /** A head that cannot be written is no loss: the next one covers the same links. */
  private appendHead(closes: boolean): void {
    if (this.options.chain === undefined) return;
    try {
      this.appendLines(this.options.chain.head(closes));
    } catch (error) {
      this.options.onError(error as Error);
    }
  }

  /** Removes segments whose records are all delivered. */
  removeDelivered(): void {
    this.closeIfDue(0);
    for (const segment of this.held.values()) {
      if (segment.closed && segment.delivered && !this.hasGrown(segment)) this.remove(segment);
    }
  }

  /** Forgets a segment whose file is gone. */
  forget(segment: Segment): void {
    this.held.delete(segment.name);
  }

  /** Ends the chain: no record follows. What is not delivered can be read until `close`. */
  end(): void {
    if (this.closed) return;
    this.closed = true;
    for (const timer of this.timers) clearInterval(timer);
    this.appendHead(true);
    this.closeFile();
  }

  /** Ends writing. What is not delivered stays for the next process. */
  close(): void {
    this.end();
    this.removeDelivered();
    dropLease(this.folder);
    try {
      rmdirSync(this.folder);
    } catch {
      // It still holds segments.
    }
  }

  private open(): void {
    this.writer = uuidv7();
    this.folder = join(this.options.directory, this.writer);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    takeLease(this.folder);
    this.options.chain?.begin(this.writer);
    this.keepChainEnd();
  }

  /** @returns whether there was one */
  private takeChainEnds(): boolean {
    const { chain, directory } = this.options;
    if (chain === undefined) return false;
    const ends = takeChainEnds(directory, (id) => isHeld(join(directory, id), Date.now()));
    chain.continue(ends);
    return ends.length > 0;
  }

  private keepChainEnd(): void {
    const { chain, directory, onError } = this.options;
    if (chain === undefined) return;
    try {
      keepChainEnd(directory, this.writer, chain.end);
    } catch (error) {
      onError(error as Error);
    }
  }

  private write(bytes: Buffer): void {
    this.closeIfDue(bytes.length);
    for (;;) {
      const { descriptor, segment } = this.file ?? this.openFile();
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      } catch (error) {
        this.cutBack(descriptor, segment);
        throw error;
      }
      // A file that was deleted meanwhile takes bytes and keeps none.
      if (fstatSync(descriptor).nlink > 0) {
        segment.size += bytes.length;
        return;
      }
      this.closeFile();
      this.forget(segment);
    }
  }

  /** Takes half a record off again, so that the next one starts a line. */
  private cutBack(descriptor: number, segment: Segment): void {
    try {
      ftruncateSync(descriptor, segment.size);
    } catch {
      segment.size = fstatSync(descriptor).size;
      this.closeFile();
      // Whole lines may be left that nobody counts as written, so what follows is another chain.
      this.options.chain?.begin(`${this.writer}.${this.sequence}`);
    }
  }

  private openFile() {
    this.sequence += 1;
    const name = `${this.writer}-${String(this.sequence).padStart(8, '0')}`;
    const path = join(this.folder, `${name}.jsonl`);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const descriptor = openSync(path, 'a', 0o600);
    const file = { descriptor, segment: new Segment(name, path, { size: 0, closed: false }), openedAt: Date.now() };
    this.held.set(name, file.segment);
    this.file = file;
    this.syncFolder();
    return file;
  }

  private closeIfDue(more: number): void {
    if (this.file === undefined) return;
    const { segment, openedAt } = this.file;
    const full = segment.size > 0 && segment.size + more > this.options.segmentBytes;
    const old = segment.size > 0 && Date.now() - openedAt >= this.options.segmentMs;
    if (full || old) this.closeFile();
  }

  private closeFile(): void {
    if (this.file === undefined) return;
    const { descriptor, segment } = this.file;
    this.file = undefined;
    try {
      fsyncSync(descriptor);
    } catch (error) {
      this.options.onError(error as Error);
    }
    closeSync(descriptor);
    segment.closed = true;
    this.keepChainEnd();
    if (segment.size === 0) this.remove(segment);
  }

  private remove(segment: Segment): void {
    this.forget(segment);
    try {
      unlinkSync(segment.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.options.onError(error as Error);
    }
  }

  /** The process that a segment was taken from may have been stopped only, and have written once more. */
  private hasGrown(segment: Segment): boolean {
    const size = statSync(segment.path, { throwIfNoEntry: false })?.size ?? segment.size;
    if (size <= segment.size) return false;
    segment.size = size;
    return true;
  }

  private sync(): void {
    this.closeIfDue(0);
    if (!this.unsynced || this.file === undefined) return;
    this.unsynced = false;
    const { descriptor } = this.file;
    fsync(descriptor, (error) => {
      // EBADF: the file was closed meanwhile, and closing forces it onto the disk.
      if (error !== null && error.code !== 'EBADF') this.options.onError(error);
    });
  }

  /** The name of a new file must survive a power loss too. */
  private syncFolder(): void {
    try {
      const descriptor = openSync(this.folder, 'r');
      fsyncSync(descriptor);
      closeSync(descriptor);
    } catch (error) {
      this.options.onError(error as Error);
    }
  }

  private beat(): void {
    try {
      if (!renewLease(this.folder, new Date())) this.startAnew();
      const hasEnds = this.takeChainEnds();
      this.takeOrphans();
      if (hasEnds) this.appendHead(false);
    } catch (error) {
      this.options.onError(error as Error);
    }
  }

  /** Another process took this one for dead, for example after a long stop. What it took, it delivers. */
  private startAnew(): void {
    this.closeFile();
    this.held.clear();
    this.open();
    this.appendHead(false);
  }

  private takeOrphans(): void {
    for (const segment of takeOrphans(this.options.directory, this.folder)) this.held.set(segment.name, segment);
  }
}

function plainLines(records: readonly EvidenceRecord[]): ChainedLines {
  return { lines: records.map((record) => JSON.stringify(record)), commit: () => {} };
}
