import { z } from 'zod';

/** What a person may do in the console: each role includes the ones before it. */
export const ROLES = ['viewer', 'auditor', 'admin'] as const;
export const roleSchema = z
  .enum(ROLES)
  .describe(
    'viewer: decisions without parameters and without values of facts; auditor: all data; admin: also what-if.',
  );
export type Role = z.infer<typeof roleSchema>;

export const effectSchema = z.enum(['ALLOW', 'DENY']).describe('Effect of the decision.');
export const replySchema = z.enum(['allow', 'ask', 'block', 'modify']).describe('Action of the reply to the hook.');
export const modeSchema = z
  .enum(['enforce', 'observe', 'shadow'])
  .describe('Mode of the call; shadow is the second opinion of a candidate policy, which is no decision.');
export const sourceStatusSchema = z
  .enum(['fresh', 'stale', 'not_found', 'unavailable'])
  .describe('How usable the facts of the source were.');

export const timeSchema = z.iso.datetime().describe('UTC.');
export const limitSchema = z.coerce.number().int().min(1).max(500).describe('Maximum number of entries.');

/** Longest text of a filter, in characters. */
const MAX_FILTER = 512;
const name = z.string().min(1).max(MAX_FILTER);

/** The filters of decisions, alike in the list, the counts, the stream, the URL of the page and `iris decisions`. */
export const filterSchema = z.strictObject({
  from: timeSchema.optional().describe('Earliest time, UTC, inclusive.'),
  to: timeSchema.optional().describe('Latest time, UTC, exclusive.'),
  person: name.optional().describe('Login name or stable node id of the principal.'),
  tool: name.optional().describe('Name of the tool, as it was called.'),
  server: name.optional().describe('MCP server of the tool.'),
  category: name.optional().describe('Category of the tool catalog.'),
  effect: effectSchema.optional(),
  reason: name.optional().describe('Reason id.'),
  rule: name.optional().describe('Rule that decided, as <policy>#<rule>.'),
  source: name.optional().describe('Source, for sourceStatus.'),
  sourceStatus: sourceStatusSchema.optional().describe('Status of the source, or of any source without one.'),
  mode: modeSchema.optional(),
  session: name.optional().describe('Session id.'),
});
export type DecisionFilter = z.infer<typeof filterSchema>;

/** One problem, RFC 9457. */
export const problemSchema = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string().describe('What is wrong, in one sentence.'),
  status: z.int(),
  reason: z.string().describe('Stable id of the problem.'),
  field: z.string().optional().describe('Field of the request that has to change.'),
});
export type Problem = z.infer<typeof problemSchema>;
