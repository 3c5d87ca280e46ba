import { z } from 'zod';
import { attributeSchema, decisionSummarySchema } from './decisions.schemas.js';
import { limitSchema, timeSchema } from './shared.schemas.js';

/** What Redis has of a person from one source, as `iris context show` prints it. */
export const contextEntrySchema = z.strictObject({
  field: z.string().describe('Source, or <source>/<node id> for a device.'),
  source: z.string(),
  status: z.string().describe('Status of the answer.'),
  state: z.string().describe('fresh, stale or expired, now.'),
  reason: z.string().optional(),
  ageSeconds: z.int(),
  observedAt: timeSchema,
  freshUntil: timeSchema,
  staleUntil: timeSchema,
  attributes: z.record(z.string(), z.json()).optional().describe('Facts; absent when hidden.'),
  names: z.array(z.string()).describe('Names of the facts.'),
});
export type ContextEntry = z.infer<typeof contextEntrySchema>;

export const sessionSummarySchema = z.strictObject({
  id: z.string(),
  decisions: z.int(),
  last: timeSchema.describe('Time of the newest decision, UTC.'),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;

export const personSchema = z.strictObject({
  person: z.string(),
  context: z
    .strictObject({
      status: z.enum(['ok', 'unavailable']).describe('unavailable: Redis gives no answer, which is not "no facts".'),
      entries: z.array(contextEntrySchema),
    })
    .describe('Facts that are kept now.'),
  decisions: z.array(decisionSummarySchema).describe('Recent decisions, the newest first.'),
  sessions: z.array(sessionSummarySchema).describe('Recent sessions, the newest first.'),
  lastAttributes: z.array(attributeSchema).describe('Attributes of the newest decision.'),
});
export type Person = z.infer<typeof personSchema>;

/** What a person may call, over the tools that the log has seen. */
export const personToolsSchema = z.strictObject({
  status: z.enum(['ok', 'no_decision', 'pdp_unavailable']).describe('no_decision: the log has no facts of the person.'),
  factsFrom: timeSchema.optional().describe('Time of the decision whose facts were used, UTC.'),
  tools: z.array(
    z.strictObject({
      tool: z.string(),
      server: z.string().optional(),
      category: z.string().optional(),
      answer: z.enum(['allowed', 'conditional', 'never']).describe('conditional: depends on the parameters.'),
      calls: z.int().describe('Recent calls of the tool by the person.'),
    }),
  ),
  complete: z.boolean().describe('false when more tools were seen than are asked about.'),
});
export type PersonTools = z.infer<typeof personToolsSchema>;

/** One call of a session. */
export const sessionCallSchema = decisionSummarySchema.extend({
  withheld: z.boolean().describe('Whether it was withheld: denied in force, so blocked or removed from the body.'),
});
export type SessionCall = z.infer<typeof sessionCallSchema>;

export const sessionSchema = z.strictObject({
  id: z.string(),
  calls: z.array(sessionCallSchema).describe('The oldest first.'),
  next: z.string().optional().describe('Value of cursor for the next page.'),
});
export type Session = z.infer<typeof sessionSchema>;

export const sessionQuerySchema = z.strictObject({
  limit: limitSchema.default(200),
  cursor: z.string().max(512).optional().describe('Value of next of the page before.'),
});
