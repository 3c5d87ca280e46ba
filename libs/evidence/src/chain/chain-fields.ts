import { z } from 'zod';

/** `prev` of the first link of a chain. */
export const NO_PREDECESSOR = '0'.repeat(64);

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

/** Where a chain stands: its last link. */
export const chainEndSchema = z.strictObject({
  id: z.string().min(1).max(100).describe('Id of the chain.'),
  seq: z.int().min(0).describe('Number of the link.'),
  hash: hex64.describe('Hash of the link.'),
});
export type ChainEnd = z.infer<typeof chainEndSchema>;

/** What makes a line a link of the chain of its gateway. */
export const chainLinkSchema = z.strictObject({
  id: z.string().min(1).max(100).describe('Id of the chain; one run of one gateway writes one chain.'),
  seq: z.int().min(1).describe('Number of the link, from 1 without gaps.'),
  prev: hex64.describe('Hash of the link before; zeros in the first one.'),
  personal: hex64
    .optional()
    .describe('SHA-256 of salt and personal fields; absent in heads. It stays when the personal fields are erased.'),
  salt: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .describe('Random bytes that hide the personal fields behind their hash; erased with them.'),
  hash: hex64.describe('SHA-256 over the other fields but salt and personal ones, as canonical JSON.'),
});
export type ChainLink = z.infer<typeof chainLinkSchema>;
