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
export const FORCES = ['enforced', 'observed', 'shadow'] as const;
export const forceSchema = z
  .enum(FORCES)
  .describe(
    'enforced: the reply put it into force. observed: it was recorded only. shadow: the second opinion of a candidate policy, which is no decision.',
  );
export const sourceStatusSchema = z
  .enum(['fresh', 'stale', 'not_found', 'unavailable'])
  .describe('How usable the facts of the source were.');

export const timeSchema = z.iso.datetime().describe('UTC.');
export const limitSchema = z.coerce.number().int().min(1).max(500).describe('Maximum number of entries.');

/** Longest text of a filter, in characters, and how many values one filter has. */
const MAX_FILTER = 512;
const MAX_VALUES = 20;

/** One or several values: the parameter is repeated. */
function anyOf<T extends z.ZodType>(value: T) {
  return z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(value).min(1).max(MAX_VALUES).optional(),
  );
}

const name = z.string().min(1).max(MAX_FILTER);

/**
 * The filters of decisions, alike in the list, the counts, the stream, the URL of the page and `iris decisions`. Of
 * several values of one field any is enough; all fields must match.
 */
export const filterSchema = z.strictObject({
  from: timeSchema.optional().describe('Earliest time, UTC, inclusive.'),
  to: timeSchema.optional().describe('Latest time, UTC, exclusive.'),
  person: anyOf(name).describe('Login name or stable node id of the principal.'),
  tool: anyOf(name).describe('Name of the tool, as it was called.'),
  server: anyOf(name).describe('MCP server of the tool.'),
  category: anyOf(name).describe('Category of the tool catalog.'),
  effect: anyOf(effectSchema),
  reason: anyOf(name).describe('Reason id.'),
  rule: anyOf(name).describe('Rule that decided, as <policy>#<rule>.'),
  source: anyOf(name).describe('Status of a source, as <source>:<status>, for example pagerduty:stale.'),
  force: anyOf(forceSchema),
  session: anyOf(name).describe('Session id.'),
  event: anyOf(name).describe('Event of the hook.'),
  entryPoint: anyOf(name).describe('App that decided, such as gateway or mcp-gateway.'),
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
