import { type CheckOutcome, type Finding, skipped } from './findings.js';

/** What another machine's clock showed, in epoch ms, and when it was asked by this one's. */
export interface ClockReading {
  readonly name: string;
  readonly theirs: number;
  readonly before: number;
  readonly after: number;
  /** How finely it is told, in ms. */
  readonly resolutionMs: number;
}

/** The clock of an HTTP server, from the header Date of its reply. */
export function clockOfReply(name: string, response: Response, before: number): ClockReading | undefined {
  const theirs = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(theirs) ? undefined : { name, theirs, before, after: Date.now(), resolutionMs: 1000 };
}

/**
 * How far other clocks are from this one's.
 *
 * @param maxSkewMs skew that is accepted, in ms
 */
export function checkClocks(readings: readonly ClockReading[], maxSkewMs: number): CheckOutcome {
  const notes: string[] = [];
  const findings: Finding[] = [];
  for (const reading of readings) {
    const skew = skewMs(reading);
    const text = `${(Math.abs(skew) / 1000).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead of'} this machine`;
    if (Math.abs(skew) > maxSkewMs) findings.push({ id: 'clock_skew', subject: reading.name, detail: text });
    else notes.push(`${reading.name}: within ${maxSkewMs / 1000} s`);
  }
  if (readings.length === 0) return skipped('clocks', 'no server to compare with');
  return { check: 'clocks', notes, findings };
}

/** The least skew that explains the reading: 0 when it may have been read between asking and hearing. */
function skewMs({ theirs, before, after, resolutionMs }: ClockReading): number {
  if (theirs > after) return theirs - after;
  const latest = theirs + resolutionMs;
  return latest < before ? latest - before : 0;
}
