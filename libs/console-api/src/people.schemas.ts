import { z } from 'zod';
import { attributeSchema, decisionSummarySchema, talliesSchema } from './decisions.schemas.js';
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
  person: z.string(),
  first: timeSchema,
  last: timeSchema,
  calls: z.int(),
  denied: z.int().describe('Denied, in force.'),
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
      calls: z.int().describe('Calls of the tool by anybody in the window.'),
    }),
  ),
  complete: z.boolean().describe('false when more tools were seen than are asked about.'),
});
export type PersonTools = z.infer<typeof personToolsSchema>;

export const peopleQuerySchema = z.strictObject({
  search: z.string().max(512).optional().describe('Part of the name.'),
  limit: limitSchema.default(50),
});
export const peopleSchema = z.strictObject({
  people: z.array(z.strictObject({ person: z.string(), last: timeSchema, decisions: talliesSchema })),
});
export type People = z.infer<typeof peopleSchema>;

export const sessionSchema = z.strictObject({
  session: sessionSummarySchema,
  calls: z.array(
    decisionSummarySchema.extend({
      withheld: z.boolean().describe('Whether the call was withheld: blocked, or removed from the body.'),
      message: z.string().optional().describe('Message of the rule that decided.'),
    }),
  ),
  next: z.string().optional().describe('Value of after for the next page.'),
});
export type Session = z.infer<typeof sessionSchema>;

export const sessionQuerySchema = z.strictObject({
  limit: limitSchema.default(200),
  after: z.string().max(512).optional().describe('Cursor: only calls after this one.'),
});
