import { open } from 'node:fs/promises';

/** A stretch of a segment, in bytes: from (included) to (excluded). */
export interface SegmentRange {
  readonly from: number;
  readonly to: number;
}

/** Records to be delivered together. */
export interface SegmentBatch extends SegmentRange {
  /** Name of the segment, the same wherever the segment lies. */
  readonly segment: string;
  /** One record as JSON each. */
  readonly lines: readonly string[];
}

/** Limits of a batch; one record always goes, however large. */
export interface BatchLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

const NEWLINE = 0x0a;

/**
 * One file of JSON lines. It is written by one process and shipped from its start; what was refused is set aside and
 * keeps the file alive until it is delivered after all.
 */
export class Segment {
  /** Bytes in the file. */
  size: number;
  /** Whether nothing is written to it any more. */
  closed: boolean;
  private shippedTo = 0;
  private aside: SegmentRange[] = [];

  constructor(
    readonly name: string,
    readonly path: string,
    start: { readonly size: number; readonly closed: boolean },
  ) {
    this.size = start.size;
    this.closed = start.closed;
  }

  /** Whether every record of the file is delivered. */
  get delivered(): boolean {
    return this.shippedTo >= this.size && this.aside.length === 0;
  }

  /** Whether there is something that was neither delivered nor set aside. */
  get pending(): boolean {
    return this.shippedTo < this.size;
  }

  get setAside(): readonly SegmentRange[] {
    return this.aside;
  }

  /** Counts a batch as delivered. */
  confirm(range: SegmentRange): void {
    this.aside = this.aside.filter(({ from }) => from !== range.from);
    if (range.from === this.shippedTo) this.shippedTo = range.to;
  }

  /** Continues behind a batch that was refused. */
  putAside(range: SegmentRange): void {
    this.aside.push({ from: range.from, to: range.to });
    this.shippedTo = range.to;
  }

  /**
   * The records of a range, or the next ones to be shipped.
   *
   * @returns undefined when there is no whole record; a torn end, which only a closed segment can have, is passed over
   * @throws Error when the file cannot be read
   */
  async read(limits: BatchLimits, range?: SegmentRange): Promise<SegmentBatch | undefined> {
    const from = range?.from ?? this.shippedTo;
    const end = range?.to ?? this.size;
    if (from >= end) return undefined;
    const bytes = await this.wholeLines(from, end, range === undefined ? limits.maxBytes : end - from);
    if (bytes === undefined) {
      if (this.closed && range === undefined) this.shippedTo = this.size;
      return undefined;
    }
    const lines: string[] = [];
    let at = 0;
    while (at < bytes.length && (range !== undefined || lines.length < limits.maxRecords)) {
      const next = bytes.indexOf(NEWLINE, at);
      lines.push(bytes.toString('utf8', at, next));
      at = next + 1;
    }
    return { segment: this.name, from, to: from + at, lines };
  }

  /** About so many bytes, cut behind the last newline, and more when one line is longer than that. */
  private async wholeLines(from: number, end: number, wanted: number): Promise<Buffer | undefined> {
    const file = await open(this.path, 'r');
    try {
      for (let length = wanted; ; length *= 2) {
        const bytes = Buffer.alloc(Math.min(length, end - from));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
        const last = bytes.subarray(0, bytesRead).lastIndexOf(NEWLINE);
        if (last >= 0) return bytes.subarray(0, last + 1);
        if (bytesRead < length) return undefined;
      }
    } finally {
      await file.close();
    }
  }
}
