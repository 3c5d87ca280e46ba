import { z } from 'zod';

/**
 * One decision, as it is kept. The schema has a version; a field is only ever added, never given another meaning.
 */
export const evidenceRecordSchema = z.strictObject({
  schema: z.literal('iris.evidence.v1').describe('Version of this schema.'),
  id: z.string().describe('Time-ordered id (UUID version 7); duplicates are removed by it.'),
  time: z.iso.datetime().describe('When the decision was made, UTC.'),
  traceId: z.string().optional().describe('Trace of the hook.'),
  event: z.string().describe('Event of the hook.'),
  phase: z
    .enum(['declared', 'executed', 'requested', 'none'])
    .describe('Phase of the tool call; none for a hook without one.'),
  hookKey: z.string().describe('Name of the hook key that authenticated the call.'),
  requestId: z.string().optional().describe("Aperture's id of the request."),
  sessionId: z.string().optional().describe("Aperture's id of the session."),
  principal: z.strictObject({
    id: z.string(),
    roles: z.array(z.string()),
    attr: z.record(z.string(), z.json()).describe('All attributes the PDP was given.'),
  }),
  attributeOrigins: z
    .record(z.string(), z.strictObject({ source: z.string(), ageSeconds: z.number().optional() }))
    .describe('Which source gave each flattened attribute, and its age in s.'),
  resource: z
    .strictObject({
      kind: z.string(),
      id: z.string(),
      attr: z.record(z.string(), z.json()).describe('All attributes the PDP was given; parameters masked.'),
    })
    .optional(),
  action: z.string().optional().describe('The tool, as the action of the check.'),
  effect: z.enum(['ALLOW', 'DENY']),
  reason: z.string().describe('Reason id.'),
  mode: z.enum(['enforce', 'observe']),
  enforced: z.boolean().describe('Whether the effect was put into force by the reply.'),
  reply: z.enum(['allow', 'block', 'modify', 'ask']).describe('Action of the reply to the hook.'),
  policy: z.strictObject({
    version: z.string(),
    matched: z.string().optional(),
    scope: z.string().optional(),
    rules: z.array(z.string()),
    derivedRoles: z.array(z.string()),
    outputs: z.array(z.json()),
    cerbosCallId: z.string().optional(),
  }),
  durationsMs: z.strictObject({ context: z.number(), pdp: z.number(), total: z.number() }),
});

export type EvidenceRecord = z.infer<typeof evidenceRecordSchema>;
