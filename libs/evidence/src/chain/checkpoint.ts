import { z } from 'zod';
import { chainEndSchema } from './chain-fields.js';

/** Up to where chains were verified. A later run starts there, so that older records may be gone. */
export const checkpointSchema = z.strictObject({
  schema: z.literal('iris.evidence.checkpoint.v1'),
  time: z.iso.datetime().describe('When it was made, UTC.'),
  chains: z.array(chainEndSchema.extend({ closed: z.boolean().optional().describe('true when the run had ended.') })),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;
