import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EvidenceRecord } from './record.js';

/**
 * The local spool: one file of JSON lines per process. A record is handed to the operating system before `append`
 * returns, so it survives the death of the process.
 */
export class EvidenceSpool {
  private readonly file: number;
  readonly path: string;

  /** @throws Error when the folder cannot be made or written */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, `${new Date().toISOString().replace(/[:.]/g, '-')}-${process.pid}.jsonl`);
    this.file = openSync(this.path, 'a', 0o600);
  }

  /** Appends records as one write. @throws Error when the disk refuses */
  append(records: readonly EvidenceRecord[]): void {
    if (records.length === 0) return;
    writeSync(this.file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }

  close(): void {
    closeSync(this.file);
  }
}
