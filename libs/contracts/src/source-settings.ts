import { z } from 'zod';

/** What the mesh expects of one source. */
export const sourceSchema = z.strictObject({
  /** Whether the source is asked at all. */
  enabled: z.boolean(),
  /** Key of a lookup: the person's login name, or the device's stable node id. */
  subject: z.enum(['login', 'node']),
  /** Kinds of resource (of the tool catalog) that the source has facts about. */
  resources: z.array(z.string()).default([]),
  /** Listening address of the enricher by default, as host:port. */
  address: z.string().regex(/^([^\s:]+|\[[0-9a-f:.]+\]):\d+$/i, 'a host:port, with an IPv6 address in brackets'),
  /** For how long an answer is fresh, in s. A fact that ends earlier ends the answer earlier. */
  freshSeconds: z.int().positive(),
  /** For how long after the vendor was read an answer may be used marked as stale, in s. */
  staleSeconds: z.int().positive(),
  /** For how long "the vendor has no record for this subject" is kept, in s. */
  notFoundSeconds: z.int().positive(),
  /** How long one call to the vendor may take, in ms. */
  timeoutMs: z.int().positive(),
  /** How often the vendor is read in bulk, in s; only changes, where its API reports them. 0 for never. */
  bulkSeconds: z.int().nonnegative().default(900),
  /** How often a bulk read is a whole one, in s. */
  fullBulkSeconds: z.int().positive().default(900),
  /** How many calls to the vendor may run at once in one enricher. */
  concurrency: z.int().positive(),
});

export type SourceSettings = z.infer<typeof sourceSchema>;
