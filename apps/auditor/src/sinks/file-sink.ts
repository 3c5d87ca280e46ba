import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceBatch, EvidenceSink } from './evidence-sink.js';

export interface FileSinkOptions {
  readonly directory: string;
  /** Maximum size of a file, in bytes. */
  readonly maxBytes: number;
  /** Age in ms at which a new file is begun. */
  readonly maxMs: number;
  /** How many files are kept; 0 keeps all. */
  readonly keepFiles: number;
  /** How long a file is kept after its last record, in ms; 0 keeps it for ever. */
  readonly keepMs?: number;
  /** How many bytes of files are kept; 0 sets no limit. */
  readonly keepBytes?: number;
}

interface OpenFile {
  readonly name: string;
  readonly handle: FileHandle;
  readonly openedAt: number;
  size: number;
}

/** How often files are looked at whose time is over, in ms. */
const RETENTION_MS = 600_000;
const FILE_NAME = /^evidence-.*\.jsonl$/;

/**
 * Files of JSON lines that are rotated by size and age. A batch counts as delivered when it is on the disk, which the
 * streams of logging libraries do not tell. Each process writes files of its own, so several may share the folder.
 */
export class FileSink implements EvidenceSink {
  readonly name = 'file';
  private file: OpenFile | undefined;
  private sequence = 0;
  private turn: Promise<void> = Promise.resolve();

  private readonly timer = setInterval(() => this.keepWithinLimits(), RETENTION_MS).unref();

  constructor(private readonly options: FileSinkOptions) {
    this.keepWithinLimits();
  }

  deliver({ lines }: EvidenceBatch): Promise<void> {
    const written = this.turn.then(() => this.write(Buffer.from(lines.map((line) => `${line}\n`).join(''))));
    this.turn = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.turn;
    await this.end();
  }

  private async write(bytes: Buffer): Promise<void> {
    const file = await this.current(bytes.length);
    try {
      await file.handle.appendFile(bytes);
      await file.handle.datasync();
      file.size += bytes.length;
    } catch (error) {
      // Half a batch is taken off again; where that fails too, a new file is begun.
      await file.handle.truncate(file.size).catch(() => this.end());
      throw error;
    }
  }

  private async current(more: number): Promise<OpenFile> {
    const { maxBytes, maxMs } = this.options;
    if (this.file !== undefined) {
      const full = this.file.size > 0 && this.file.size + more > maxBytes;
      const old = Date.now() - this.file.openedAt >= maxMs;
      // A file that was replaced meanwhile takes bytes and keeps none.
      if (full || old || (await this.file.handle.stat()).nlink === 0) await this.end();
    }
    return this.file ?? (await this.begin());
  }

  private async begin(): Promise<OpenFile> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    this.sequence += 1;
    const time = new Date().toISOString().replace(/[:.]/g, '-');
    const name = `evidence-${time}-${process.pid}-${String(this.sequence).padStart(6, '0')}.jsonl`;
    this.file = { name, handle: await open(join(directory, name), 'ax', 0o600), openedAt: Date.now(), size: 0 };
    await this.removeOld();
    return this.file;
  }

  private async end(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    await file?.handle.close();
  }

  /** Between two files too: nothing may come any more. */
  private keepWithinLimits(): void {
    this.turn = this.turn.then(() => this.removeOld()).catch(() => undefined);
  }

  /** The oldest go first; the file that is written stays. */
  private async removeOld(): Promise<void> {
    const { directory, maxBytes, keepFiles, keepMs = 0, keepBytes = 0 } = this.options;
    if (keepFiles === 0 && keepMs === 0 && keepBytes === 0) return;
    const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).sort();
    const files = await Promise.all(
      names.map(async (name) => ({ name, stats: await stat(join(directory, name)).catch(() => undefined) })),
    );
    let kept = 0;
    let bytes = 0;
    for (const { name, stats } of files.reverse()) {
      if (stats === undefined) continue;
      kept += 1;
      // The file that is written grows up to its limit before the next look.
      bytes += name === this.file?.name ? maxBytes : stats.size;
      const surplus = (keepFiles > 0 && kept > keepFiles) || (keepBytes > 0 && bytes > keepBytes);
      const old = keepMs > 0 && Date.now() - stats.mtimeMs > keepMs;
      if ((surplus || old) && name !== this.file?.name) await unlink(join(directory, name)).catch(() => undefined);
    }
  }
}
