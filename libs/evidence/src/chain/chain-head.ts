import { z } from 'zod';
import { chainEndSchema, chainLinkSchema } from './chain-fields.js';

/** Name of the schema of heads. */
export const HEAD_SCHEMA = 'iris.evidence.head.v1';

/**
 * A link that states where its chain stands. It is the first link of a run, follows after a number of
 * records and after a time, and is the last link. The signature is over its hash, which covers all links before it.
 */
export const chainHeadSchema = z.strictObject({
  schema: z.literal(HEAD_SCHEMA),
  id: z.string().describe('Id of the head (UUID version 7).'),
  time: z.iso.datetime().describe('When it was written, UTC.'),
  everyRecords: z.int().min(1).describe('After how many records at most the next head follows.'),
  everySeconds: z.int().min(0).describe('After how many s at most the next head follows while the run lasts.'),
  dropped: z.int().min(0).describe('Records of this run that could not be written until then.'),
  continues: z
    .array(chainEndSchema)
    .optional()
    .describe('Last links of earlier runs on the same spool whose processes have ended.'),
  closes: z.boolean().optional().describe('true for the last link of a run.'),
  key: z.string().optional().describe('Id of the key that signed; absent without a signature.'),
  chain: chainLinkSchema,
  signature: z.string().optional().describe('Ed25519 over the hash, base64url; absent where no key is set.'),
});
export type ChainHead = z.infer<typeof chainHeadSchema>;
