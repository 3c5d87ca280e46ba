import { z } from 'zod';
import { SOURCE_IDS, type SourceId } from './attributes.js';

/**
 * The source registry: which sources there are and what the mesh expects of each. One file, read by the gateway, the
 * enrichers, the chart, the dashboards and the docs.
 */
const sourceSchema = z.strictObject({
  /** Whether the source is asked at all. */
  enabled: z.boolean(),
  /** What the source is asked by: the person's login name, or the device's stable node id. */
  subject: z.enum(['login', 'node']),
  /** Kinds of resource (of the tool catalog) the source knows facts about. */
  resources: z.array(z.string()).default([]),
  /** Where the enricher listens by default, as host:port. */
  address: z.string().regex(/^[^\s:]+:\d+$/, 'a host:port'),
  /** For how long an answer is fresh, in s. A fact that ends earlier ends the answer earlier. */
  freshSeconds: z.int().positive(),
  /** For how long after the vendor was read an answer may be used marked as stale, in s. */
  staleSeconds: z.int().positive(),
  /** For how long "the vendor knows nobody of this name" is kept, in s. */
  notFoundSeconds: z.int().positive(),
  /** How long one call to the vendor may take, in ms. */
  timeoutMs: z.int().positive(),
  /** How often the vendor is read in bulk, in s; only what has changed, where it can tell. 0 for never. */
  bulkSeconds: z.int().nonnegative().default(900),
  /** How often a bulk read is a whole one, in s. */
  fullBulkSeconds: z.int().positive().default(900),
  /** How many calls to the vendor may run at once in one enricher. */
  concurrency: z.int().positive(),
});

export const sourceRegistrySchema = z.strictObject({
  sources: z.partialRecord(z.enum(SOURCE_IDS as [SourceId, ...SourceId[]]), sourceSchema),
});

export type SourceSettings = z.infer<typeof sourceSchema>;
export type SourceRegistry = z.infer<typeof sourceRegistrySchema>;
