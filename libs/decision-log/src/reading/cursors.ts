/** Place of a row in the order of decisions. */
export interface Place {
  readonly time: Date;
  readonly id: string;
}

const MAX_LIMIT = 1000;

/** A cursor is opaque to its reader, and is checked as any input when it comes back. */
export function encodePlace({ time, id }: Place): string {
  return Buffer.from(`${time.getTime()} ${id}`).toString('base64url');
}

/** @throws RangeError for a cursor of another form */
export function decodePlace(cursor: string): Place {
  const [, time, id] = /^(\d{1,15}) (.{1,300})$/su.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (time === undefined || id === undefined || id.includes('\u0000'))
    throw new RangeError('the cursor is of another form');
  return { time: new Date(Number(time)), id };
}

export function encodeArrival(seq: number): string {
  return `a${seq}`;
}

/** @throws RangeError for a cursor of another form */
export function decodeArrival(cursor: string): number {
  const [, seq] = /^a(\d{1,15})$/.exec(cursor) ?? [];
  if (seq === undefined) throw new RangeError('the cursor is of another form');
  return Number(seq);
}

/** @throws RangeError outside of 1 to 1000 */
export function checkedLimit(limit: number | undefined, fallback: number): number {
  const value = limit ?? fallback;
  if (!Number.isInteger(value) || value < 1 || value > MAX_LIMIT) {
    throw new RangeError(`limit must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  return value;
}
