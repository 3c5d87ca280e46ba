import { z } from 'zod';
import { chainLinkSchema } from './chain/chain-fields.js';
import { erasureSchema } from './chain/erasure.js';

const attributes = z.record(z.string(), z.json());

/** The version that records are written with. A record without a version is of version 1. */
export const EVIDENCE_SCHEMA_VERSION = 2;

/**
 * One decision, as it is kept. The schema has a version; a field is only ever added, never given another meaning. A
 * field that is not known is absent. Readers accept every version up to their own.
 */
export const evidenceRecordSchema = z.strictObject({
  schema: z.literal('iris.evidence.v1').describe('Name of this schema.'),
  schemaVersion: z
    .int()
    .min(1)
    .max(EVIDENCE_SCHEMA_VERSION)
    .optional()
    .describe('Version of the fields; absent in records of version 1. A later version only adds fields.'),
  id: z
    .string()
    .describe('Id of the record (UUID version 7). Ids of one gateway grow with time; repeats are removed by it.'),
  time: z.iso.datetime().describe('When the decision was made, UTC.'),
  traceId: z.string().optional().describe('Trace of the hook (32 hexadecimal digits).'),
  event: z.string().describe('Event of the hook.'),
  phase: z
    .enum(['declared', 'executed', 'requested', 'none'])
    .describe('Phase of the tool call; none for a hook without one.'),
  hookKey: z.string().describe('Name of the hook key that authenticated the call; never the key.'),
  requestId: z.string().optional().describe("Aperture's id of the request; a long one as its size and hash."),
  sessionId: z.string().optional().describe("Aperture's id of the session; a long one as its size and hash."),
  requestKey: z
    .string()
    .optional()
    .describe("Request id that the PDP was given; with policy.cerbosCallId it joins the PDP's audit entry."),
  decisionKey: z
    .string()
    .optional()
    .describe(
      'SHA-256 of principal, session, call id, tool and masked parameters: the same for every decision on the same call, so that a call that was decided twice is counted once.',
    ),
  entryPoint: z
    .string()
    .optional()
    .describe('Where the hook came in: aperture, the agent (claude, codex, copilot, cursor, gemini) or mcp.'),
  callKeys: z
    .strictObject({
      id: z
        .string()
        .optional()
        .describe("SHA-256 of principal and the model provider's id of the call; absent where the provider gave none."),
      content: z
        .string()
        .describe('HMAC-SHA256 of principal, tool and unmasked parameters under the key of the gateways.'),
    })
    .optional()
    .describe(
      'What joins the records of one call from several entry points: records with an equal id, or with an equal content at about the same time.',
    ),
  principal: z
    .strictObject({
      id: z.string().describe('Login name, stable node id of a tagged device, or anonymous.'),
      roles: z.array(z.string()).describe('Roles the PDP was given.'),
      attr: attributes.describe(
        'All attributes the PDP was given. The status of each source is below context, with its age in s.',
      ),
    })
    .describe('Who asked.'),
  caller: z
    .strictObject({
      name: z.string().describe('Name of the caller in the callers file.'),
      by: z.string().describe('What it was authenticated by: certificate, jwt, key or address.'),
      protocol: z.string().describe('Protocol of the question: cerbos, authzen, ext_authz or ext_mcp.'),
    })
    .optional()
    .describe('The application that asked through the enriching PDP; absent for hooks.'),
  replaced: z
    .array(z.string())
    .optional()
    .describe('Attributes of the caller that facts of a source replaced or ruled out, by path.'),
  attributeOrigins: z
    .record(
      z.string(),
      z.strictObject({
        source: z.string().describe('Id of the source.'),
        ageSeconds: z.number().optional().describe('Age of the fact in s.'),
      }),
    )
    .describe('Which source gave each flattened attribute.'),
  sources: z
    .record(
      z.string(),
      z.strictObject({
        status: z.enum(['fresh', 'stale', 'not_found', 'unavailable']).describe('How usable its facts were.'),
        reason: z.string().optional().describe('Reason id, unless the status is fresh or stale.'),
        ageSeconds: z.number().optional().describe('Age of its facts in s; absent when there are none.'),
        freshUntil: z.iso.datetime().optional().describe('Until when they count as fresh, UTC.'),
        staleUntil: z.iso.datetime().optional().describe('Until when they may be used, UTC.'),
        revision: z.string().optional().describe('Revision of the record of the vendor, where it gives one.'),
        origin: z
          .enum(['l1', 'redis', 'source', 'none'])
          .describe('Where they were found: memory of the gateway, Redis, the enricher, or nowhere.'),
      }),
    )
    .optional()
    .describe('What each configured source said of the principal; absent in records of version 1.'),
  resource: z
    .strictObject({
      kind: z.string().describe('Kind of the resource.'),
      id: z.string().describe('Id of the tool call.'),
      attr: attributes.describe('All attributes the PDP was given; secrets masked.'),
    })
    .optional()
    .describe('What was attempted; absent for a hook without a tool call.'),
  action: z.string().optional().describe('The tool, as the action of the check.'),
  paramsTruncated: z
    .boolean()
    .optional()
    .describe('true when the PDP was not given all parameters: texts were cut, or the call was denied by its size.'),
  anomalies: z
    .array(z.string())
    .optional()
    .describe(
      'What is odd about the call, such as a look-alike name or two results for one call; absent when nothing is.',
    ),
  effects: z.array(z.json()).optional().describe('What the call does, as far as it could be told; secrets masked.'),
  unknownFields: z
    .array(z.string())
    .optional()
    .describe('Top-level fields of the provider body that the gateway does not know; absent when there are none.'),
  permissionMode: z.string().optional().describe("Permission mode that an agent's own hook states."),
  catalogEntry: z.string().optional().describe('Entry of the tool catalog that matched; absent when none did.'),
  effect: z.enum(['ALLOW', 'DENY']).describe('Effect of the decision.'),
  reason: z.string().describe('Reason id.'),
  mode: z
    .enum(['enforce', 'observe', 'shadow'])
    .describe('Mode of the call; shadow: the second opinion of a candidate policy, which is no decision.'),
  enforced: z.boolean().describe('Whether the effect was put into force by the reply.'),
  reply: z.enum(['allow', 'ask', 'block', 'modify']).describe('Action of the reply to the hook.'),
  wouldHave: z
    .enum(['allow', 'ask', 'block', 'modify'])
    .optional()
    .describe('In observe mode: the action of the reply that enforcement would have given.'),
  policy: z
    .strictObject({
      version: z.string().describe('Policy version that the PDP was asked for.'),
      matched: z.string().optional().describe('Policy that decided.'),
      scope: z.string().optional().describe('Scope in which that policy was found.'),
      rules: z.array(z.string()).describe('Rules that spoke for the effect, as <policy>#<rule>.'),
      derivedRoles: z.array(z.string()).describe('Derived roles that were active.'),
      outputs: z.array(z.json()).describe('Outputs of the rules: source and value; secrets masked.'),
      cerbosCallId: z.string().optional().describe("Id of the PDP's call; the callId of its audit entry."),
    })
    .describe('What decided.'),
  replay: z
    .strictObject({
      policyVersion: z.string().describe('Policy version of the question.'),
      scope: z.string().describe('Scope of the question; empty for the root scope.'),
      masked: z.boolean().describe('Whether the recorded attributes or outputs differ from the real ones by masking.'),
      maskedParamsOnly: z
        .boolean()
        .optional()
        .describe('Whether nothing but parameters was masked: policies that read no parameter decide alike.'),
      paramsHash: z
        .string()
        .optional()
        .describe(
          'HMAC-SHA256 of the unmasked parameters under the key of the gateway: equal parameters have equal hashes.',
        ),
    })
    .optional()
    .describe('What a replay needs beside principal, resource and action; absent for a hook without a tool call.'),
  shadowOf: z
    .strictObject({
      policyVersion: z.string().describe('Policy version that decided.'),
      effect: z.enum(['ALLOW', 'DENY']).describe('Effect of the decision.'),
    })
    .optional()
    .describe(
      'Only with mode shadow: the decision from which the candidate policy differs. decisionKey joins the two.',
    ),
  revisions: z
    .strictObject({
      iris: z.string().describe('Version of Iris.'),
      policies: z
        .string()
        .optional()
        .describe('Revision that the policies in the PDP state of themselves, as last read before the decision.'),
      pdp: z.string().optional().describe('Version of the PDP and its commit, as the PDP states them.'),
      catalog: z.string().optional().describe('Start of the SHA-256 of the tool catalog.'),
    })
    .optional()
    .describe('What was in force; absent in records of earlier releases.'),
  breakGlass: z
    .strictObject({
      id: z.string().describe('Id of the switch.'),
      key: z.string().describe('Name of the admin key that signed it.'),
      until: z.iso.datetime().describe('When it ends by itself, UTC.'),
      category: z.string().optional().describe('The one category that it is for; absent for all.'),
      reason: z.string().optional().describe('Only where it begins: why, as the operator stated it.'),
      end: z.string().optional().describe('Only where it ends: expired, ended, replaced, removed, redis_unavailable.'),
    })
    .optional()
    .describe('The break-glass switch under which the decision was made, or that began or ended.'),
  chain: chainLinkSchema.optional().describe('Place of the record in the chain of its gateway.'),
  erased: erasureSchema.optional().describe('Only where the personal fields were erased.'),
  durationsMs: z
    .strictObject({
      context: z.number().describe('Gathering facts, in ms.'),
      pdp: z.number().describe('Asking the PDP, in ms.'),
      total: z.number().describe('The whole hook until it was recorded, in ms.'),
    })
    .describe('How long it took.'),
});

export type EvidenceRecord = z.infer<typeof evidenceRecordSchema>;
