import type { BatchReply } from '../batch-poster.js';
import type { EvidenceBatch } from '../evidence-sink.js';

/** How an endpoint wants to have records, and how it confirms them. */
export interface HttpFormat {
  readonly contentType: string;
  /** The text of a request for some records. */
  bodyOf(lines: readonly string[]): string;
  /** Reads the reply of a status from 200 to 299. @throws RefusedError or Error when it does not confirm the batch */
  check?(reply: BatchReply, batch: EvidenceBatch): void;
}

/** What is read of a line to put it into another form; fields that it lacks are absent. */
export interface LineFields {
  readonly id?: string;
  /** UTC, as ISO 8601. */
  readonly time?: string;
  readonly schema?: string;
  readonly effect?: string;
}

/** The fields of a line that is JSON. */
export function fieldsOf(line: string): LineFields {
  const value = JSON.parse(line) as Record<string, unknown>;
  const text = (name: string) => (typeof value[name] === 'string' ? (value[name] as string) : undefined);
  return { id: text('id'), time: text('time'), schema: text('schema'), effect: text('effect') };
}

/** A reply as JSON. @throws Error when it is none, as the page of a proxy */
export function jsonReply({ body }: BatchReply, endpoint: string): Record<string, unknown> {
  try {
    const value = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new Error(`the reply of the endpoint is not one of ${endpoint}`);
}
