import type { Counts, Tallies } from '@iris/console-api';
import type { Bucket, BucketCount } from '@iris/decision-log';

const SECONDS: Readonly<Record<Bucket, number>> = { minute: 60, '10 minutes': 600, hour: 3600, day: 86_400 };
/** Most buckets in an answer, by the length of one; the log takes no more. */
const MOST: Readonly<Record<Bucket, number>> = { minute: 180, '10 minutes': 1500, hour: 1500, day: 1500 };
/** Buckets that a plot shows well. */
const FEW = 150;

/** The shortest bucket with which a window has few buckets. */
export function bucketFor(from: Date, to: Date): Bucket {
  const seconds = (to.getTime() - from.getTime()) / 1000;
  return (Object.keys(SECONDS) as Bucket[]).find((bucket) => seconds / SECONDS[bucket] <= FEW) ?? 'day';
}

/** Whether a window has too many buckets of a length. */
export function hasTooMany(from: Date, to: Date, bucket: Bucket): boolean {
  return (to.getTime() - from.getTime()) / 1000 / SECONDS[bucket] > MOST[bucket];
}

/** Counts without gaps: the log leaves out buckets without decisions. */
export function fillBuckets(counted: readonly BucketCount[], from: Date, to: Date, bucket: Bucket): Counts {
  const ms = SECONDS[bucket] * 1000;
  const first = Math.floor(from.getTime() / ms) * ms;
  const end = Math.max(first + ms, Math.ceil(to.getTime() / ms) * ms);
  const total = noTallies();
  const byStart = new Map<number, Tallies>();
  for (let start = first; start < end; start += ms) byStart.set(start, noTallies());
  for (const { time, effect, force, count } of counted) {
    const tallies = byStart.get(Math.floor(time.getTime() / ms) * ms);
    if (tallies === undefined) continue;
    const key = keyOf(effect, force);
    tallies[key] += count;
    total[key] += count;
  }
  return {
    from: new Date(first).toISOString(),
    to: new Date(end).toISOString(),
    bucketSeconds: SECONDS[bucket],
    total,
    buckets: [...byStart].map(([start, tallies]) => ({ start: new Date(start).toISOString(), ...tallies })),
  };
}

export function noTallies(): Tallies {
  return { enforcedAllow: 0, enforcedDeny: 0, observedAllow: 0, observedDeny: 0, shadowAllow: 0, shadowDeny: 0 };
}

export function keyOf(effect: BucketCount['effect'], force: BucketCount['force']): keyof Tallies {
  return `${force}${effect === 'ALLOW' ? 'Allow' : 'Deny'}`;
}
