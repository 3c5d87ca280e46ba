import { hash } from 'node:crypto';
import {
  isReasonId,
  type Json,
  type ResourceRef,
  type SourceAnswer,
  type SourceId,
  type SourceSettings,
} from '@iris/contracts';
import { z } from 'zod';

/** Invalidations carry the key of the hash whose copies are to be dropped. */
export const INVALIDATION_CHANNEL = 'iris:ctx:v1:invalidate';

/** Where an entry stands: one hash per principal or resource, one field per source. */
export interface EntryAddress {
  readonly key: string;
  readonly field: string;
}

/**
 * The one spelling of a principal by which facts are kept and shared: a login that two clients write in different case
 * is one person. Only ASCII letters are folded, since Unicode's rules make one name of look-alikes.
 */
export function canonicalPrincipal(principal: string): string {
  return principal.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * The hash of all that is known of a principal. Keys are seen by whoever may list or monitor them, so they hold a digest
 * in place of the login. The braces keep what belongs to it on one slot of a Redis Cluster.
 */
export function principalKey(principal: string): string {
  return `iris:ctx:v2:{${keyDigest(canonicalPrincipal(principal))}}`;
}

/**
 * The hash of all that is known of a resource. The id is a tool parameter and may hold a password, so its digest is in
 * the key.
 */
export function resourceKey({ kind, id }: ResourceRef): string {
  return `iris:res:v2:{${kind}:${keyDigest(id)}}`;
}

/** What is in a key for a name that a person, a caller or a vendor chooses. Bounds its length too. */
export function keyDigest(name: string): string {
  return hash('sha256', name, 'base64url');
}

/**
 * The field of a source in a principal's hash. Facts about a device are in the hash of the person who uses it, so
 * that one read fetches all.
 *
 * @returns undefined when the subject has no node and the source is asked by node
 */
export function principalField(
  source: SourceId,
  askedBy: SourceSettings['subject'],
  subject: { readonly nodeId?: string },
): string | undefined {
  if (askedBy === 'login') return source;
  return subject.nodeId === undefined || subject.nodeId === '' ? undefined : `${source}/${subject.nodeId}`;
}

/** The source that a field belongs to. */
export function sourceOfField(field: string): string {
  return field.split('/', 1)[0] ?? field;
}

const epochMs = z.number().int().nonnegative();

const storedSchema = z
  .object({
    status: z.enum(['FOUND', 'NOT_FOUND']),
    // What JSON.parse gives is JSON all the way down: looking at each value again costs most of the reading.
    attributes: z.record(z.string(), z.custom<Json>()),
    observedAt: epochMs,
    freshUntil: epochMs,
    staleUntil: epochMs,
    revision: z.string().optional(),
    reason: z.string().refine(isReasonId).optional(),
  })
  .refine((entry) => entry.staleUntil >= entry.freshUntil)
  .refine((entry) => (entry.status === 'NOT_FOUND') === (entry.reason !== undefined));

/** The text of an answer in Redis. */
export function encodeEntry(answer: SourceAnswer): string {
  const { status, attributes, observedAt, freshUntil, staleUntil, revision, reason } = answer;
  return JSON.stringify({ status, attributes, observedAt, freshUntil, staleUntil, revision, reason });
}

/** An answer from its text in Redis; undefined for anything else than a whole entry of this version. */
export function decodeEntry(text: string): SourceAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = storedSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** Whether an entry may be used: as it is, marked as stale, or not at all. */
export type Usability = 'fresh' | 'stale' | 'expired';

/** How far the clocks of two machines may differ, in ms. */
export const CLOCK_SKEW_MS = 60_000;

/**
 * Whether a time lies so far ahead that a wrong clock has told it: that of another machine then, or this one's now.
 *
 * @param time epoch ms
 * @param now epoch ms
 */
export function isOfFuture(time: number, now: number): boolean {
  return time > now + CLOCK_SKEW_MS;
}

/**
 * An entry that claims to have been read in the future was written by a clock that was wrong, and its end is wrong too.
 *
 * @param now epoch ms
 */
export function usability(
  entry: Pick<SourceAnswer, 'observedAt' | 'freshUntil' | 'staleUntil'>,
  now: number,
): Usability {
  if (isOfFuture(entry.observedAt, now)) return 'expired';
  if (now < entry.freshUntil) return 'fresh';
  return now < entry.staleUntil ? 'stale' : 'expired';
}
