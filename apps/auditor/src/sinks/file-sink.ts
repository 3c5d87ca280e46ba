import { type FileHandle, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceBatch, EvidenceSink } from './evidence-sink.js';

export interface FileSinkOptions {
  readonly directory: string;
  /** Size in bytes at which a new file is begun. */
  readonly maxBytes: number;
  /** Age in ms at which a new file is begun. */
  readonly maxMs: number;
  /** How many files are kept; 0 keeps all. */
  readonly keepFiles: number;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly openedAt: number;
  size: number;
}

const FILE_NAME = /^evidence-.*\.jsonl$/;

/**
 * Files of JSON lines that begin anew by size and age. A batch counts as delivered when it is on the disk, which the
 * streams of logging libraries do not tell. Each process writes files of its own, so several may share the folder.
 */
export class FileSink implements EvidenceSink {
  readonly name = 'file';
  private file: OpenFile | undefined;
  private sequence = 0;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: FileSinkOptions) {}

  deliver({ lines }: EvidenceBatch): Promise<void> {
    const written = this.turn.then(() => this.write(Buffer.from(lines.map((line) => `${line}\n`).join(''))));
    this.turn = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
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
      if (full || Date.now() - this.file.openedAt >= maxMs) await this.end();
    }
    this.file ??= await this.begin();
    return this.file;
  }

  private async begin(): Promise<OpenFile> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    this.sequence += 1;
    const time = new Date().toISOString().replace(/[:.]/g, '-');
    const path = join(directory, `evidence-${time}-${process.pid}-${String(this.sequence).padStart(6, '0')}.jsonl`);
    const file = { handle: await open(path, 'ax', 0o600), openedAt: Date.now(), size: 0 };
    await this.removeOld();
    return file;
  }

  private async end(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    await file?.handle.close();
  }

  private async removeOld(): Promise<void> {
    const { directory, keepFiles } = this.options;
    if (keepFiles === 0) return;
    const files = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).sort();
    for (const name of files.slice(0, -keepFiles)) await unlink(join(directory, name));
  }
}
