import { z } from 'zod';
import {
  effectSchema,
  filterSchema,
  forceSchema,
  limitSchema,
  replySchema,
  sourceStatusSchema,
  timeSchema,
} from './shared.schemas.js';

/** One decision in a list. */
export const decisionSummarySchema = z.strictObject({
  id: z.string().describe('Id of the record.'),
  time: timeSchema.describe('When the decision was made, UTC.'),
  person: z.string().describe('Login name, stable node id or anonymous.'),
  tool: z.string().optional().describe('Tool; absent for a hook without a tool call.'),
  server: z.string().optional().describe('MCP server of the tool.'),
  category: z.string().optional(),
  event: z.string().describe('Event of the hook.'),
  phase: z.string().describe('Phase of the tool call: declared, executed, requested or none.'),
  entryPoint: z.string().describe('App that decided.'),
  effect: effectSchema,
  reason: z.string().describe('Reason id.'),
  force: forceSchema,
  reply: replySchema,
  wouldHave: replySchema.optional().describe('In observe mode: the reply that enforcement would have given.'),
  rules: z.array(z.string()).describe('Rules that decided, as <policy>#<rule>.'),
  session: z.string().optional().describe('Session id.'),
  sources: z.record(z.string(), sourceStatusSchema).describe('Status of each source.'),
  totalMs: z.number().describe('The whole hook until it was recorded, in ms.'),
  erased: z.boolean().describe('Whether the personal fields were erased.'),
});
export type DecisionSummary = z.infer<typeof decisionSummarySchema>;

export const listQuerySchema = filterSchema.extend({
  limit: limitSchema.default(100),
  cursor: z.string().max(512).optional().describe('Value of next of the page before.'),
});

export const decisionListSchema = z.strictObject({
  decisions: z.array(decisionSummarySchema).describe('The newest first.'),
  next: z.string().optional().describe('Value of cursor for the next page; absent on the last page.'),
});

const BUCKET_LENGTHS = ['minute', '10 minutes', 'hour', 'day'] as const;
export const countsQuerySchema = filterSchema.extend({
  bucket: z.enum(BUCKET_LENGTHS).optional().describe('Length of a bucket; without it one that fits the window.'),
});

const tally = z.int().min(0);
/** Enforced, observed and shadow are separate numbers, which are never added up. */
export const talliesSchema = z.strictObject({
  enforcedAllow: tally.describe('Allowed, in force.'),
  enforcedDeny: tally.describe('Denied, in force.'),
  observedAllow: tally.describe('Allowed, observed only.'),
  observedDeny: tally.describe('Denied, observed only: nothing was withheld.'),
  shadowAllow: tally.describe('Second opinions of a candidate policy that would allow what was denied.'),
  shadowDeny: tally.describe('Second opinions of a candidate policy that would deny what was allowed.'),
});
export type Tallies = z.infer<typeof talliesSchema>;

export const countsSchema = z.strictObject({
  from: timeSchema.describe('Start of the first bucket, UTC.'),
  to: timeSchema.describe('End of the last bucket, UTC.'),
  bucketSeconds: z.number().positive(),
  total: talliesSchema,
  buckets: z.array(talliesSchema.extend({ start: timeSchema })).describe('In order of time, without gaps.'),
});
export type Counts = z.infer<typeof countsSchema>;

const values = z.array(z.strictObject({ value: z.string(), count: z.int() }));
const FACETS = ['tool', 'server', 'category', 'reason', 'rule', 'source', 'event', 'entryPoint'] as const;
export const facetsSchema = z.record(z.enum(FACETS), values);
export type Facets = z.infer<typeof facetsSchema>;

/** A fact or an attribute that the PDP was given. */
export const attributeSchema = z.strictObject({
  path: z.string().describe('Path below attr, for example onCall or okta.groups.'),
  value: z.json().optional().describe('Value; absent when it is hidden or cut.'),
  hidden: z.boolean().optional().describe('true when the role of the reader does not include it.'),
  cut: z.boolean().optional().describe('true when it is too long to be answered here; the raw record has it.'),
  source: z.string().optional().describe('Id of the source; absent for what Iris itself sets.'),
  status: sourceStatusSchema.optional().describe('Status of its source.'),
  ageSeconds: z.number().optional().describe('Age at the decision, in s.'),
  observedAt: timeSchema.optional().describe('When the source gave it, UTC.'),
  freshUntil: timeSchema.optional().describe('Until when it counts as fresh, UTC.'),
  staleUntil: timeSchema.optional().describe('Until when it may be used, UTC.'),
  readByRule: z.boolean().describe('Whether a rule that decided reads it, by the text of the policies.'),
});
export type Attribute = z.infer<typeof attributeSchema>;

export const ruleTextSchema = z.strictObject({
  rule: z.string().describe('As <policy>#<rule>.'),
  name: z.string(),
  file: z.string().optional().describe('Policy file; absent when no file of the console holds the rule.'),
  line: z.int().optional(),
  text: z.string().optional().describe('The rule as YAML, as the file has it.'),
  message: z.string().optional().describe('Message of the output of the rule at the decision.'),
  current: z
    .boolean()
    .describe('Whether the files have the policy revision of the decision; false: the text may have changed since.'),
});
export type RuleText = z.infer<typeof ruleTextSchema>;

export const timingSchema = z.strictObject({
  name: z.enum(['context', 'pdp', 'other', 'total']),
  startMs: z.number().min(0).describe('Start after that of the hook, in ms.'),
  durationMs: z.number().min(0).describe('Duration in ms.'),
});
export type Timing = z.infer<typeof timingSchema>;

export const decisionDetailSchema = z.strictObject({
  summary: decisionSummarySchema,
  why: z.string().describe('Why, in one sentence.'),
  attributes: z.array(attributeSchema).describe('Attributes of the principal that the PDP was given.'),
  resource: z.array(attributeSchema).describe('Attributes of the call that the PDP was given, without parameters.'),
  parameters: z.json().optional().describe('Masked parameters; absent without any, and when hidden.'),
  parametersHidden: z.boolean().describe('true when the role of the reader does not include them.'),
  parametersCut: z.boolean().describe('true when parts are too long to be answered here; the raw record has them.'),
  rules: z.array(ruleTextSchema),
  effects: z.array(
    z.strictObject({
      program: z.string().optional(),
      system: z.string().optional(),
      category: z.string().optional(),
      operation: z.string().optional(),
      environment: z.string().optional(),
      target: z.string().optional(),
    }),
  ),
  anomalies: z.array(z.string()),
  roles: z.array(z.string()).describe('Roles that the PDP was given.'),
  derivedRoles: z.array(z.string()),
  policyVersion: z.string(),
  policyRevision: z.string().optional(),
  irisVersion: z.string().optional(),
  timings: z.array(timingSchema).describe('For a waterfall.'),
  traceId: z.string().optional(),
  traceUrl: z.string().optional().describe('Link to the trace; absent without the setting trace.urlTemplate.'),
  canAskAgain: z.boolean().describe('Whether what-if and smallest change are possible for this record and reader.'),
});
export type DecisionDetail = z.infer<typeof decisionDetailSchema>;

export const rawRecordSchema = z.strictObject({
  record: z.record(z.string(), z.json()).describe('The evidence record; long texts are cut at 64 KiB.'),
  cut: z.boolean().describe('Whether a text was cut.'),
});

/** One fact that is given another value; without a value it is removed. */
export const factChangeSchema = z.strictObject({
  of: z.enum(['principal', 'resource']),
  path: z.string().min(1).max(512).describe('Path below attr, with dots.'),
  from: z.json().optional(),
  to: z.json().optional().describe('Absent: the fact is removed.'),
});
export type FactChange = z.infer<typeof factChangeSchema>;

export const smallestChangeSchema = z.strictObject({
  hypothetical: z.literal(true),
  found: z.boolean(),
  changes: z.array(z.array(factChangeSchema).max(2)).describe('Each alone would allow; the smallest first.'),
  asked: z.int().describe('Questions to the PDP.'),
  exhausted: z.boolean().describe('false when the limit of questions ended the search.'),
  reason: z.string().optional().describe('Why nothing was searched.'),
});
export type SmallestChange = z.infer<typeof smallestChangeSchema>;

export const whatIfBodySchema = z.strictObject({
  changes: z
    .array(factChangeSchema.omit({ from: true }))
    .max(50)
    .default([]),
  time: timeSchema.optional().describe('Time of the call instead of the recorded one, UTC.'),
  policyVersion: z.string().max(128).optional().describe('Policy version instead of the recorded one.'),
});
export type WhatIfBody = z.input<typeof whatIfBodySchema>;

export const whatIfSchema = z.strictObject({
  hypothetical: z.literal(true),
  recorded: effectSchema.describe('Effect of the recorded decision.'),
  unchanged: effectSchema.describe('Effect that the PDP gives now without any change.'),
  effect: effectSchema.describe('Effect with the changes.'),
  message: z.string().optional().describe('Message of the rule that decides with the changes.'),
  rules: z.array(z.string()),
  policyVersion: z.string(),
  policyFound: z.boolean().describe('false: the PDP has no policy of this version.'),
  masked: z.boolean().describe('Whether the record has masked values, which the PDP was given as masked.'),
});
export type WhatIf = z.infer<typeof whatIfSchema>;
