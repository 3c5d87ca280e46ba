import { z } from 'zod';
import { effectSchema, filterSchema, timeSchema } from './shared.schemas.js';

export const policiesQuerySchema = filterSchema.pick({ from: true, to: true });

const hitsSchema = z.strictObject({
  hits: z.int().describe('Decisions for whose effect the rule spoke.'),
  denials: z.int().describe('Of these, denied.'),
});

export const policiesSchema = z.strictObject({
  from: timeSchema,
  to: timeSchema,
  revision: z.string().optional().describe('Revision that the policy files state.'),
  rules: z.array(
    z.strictObject({
      rule: z.string().describe('As <policy>#<rule>.'),
      name: z.string(),
      policy: z.string(),
      version: z.string(),
      effect: z.string().optional(),
      file: z.string().optional().describe('Absent for a rule that only decisions name: no file holds it any more.'),
      line: z.int().optional(),
      text: z.string().optional(),
      enforced: hitsSchema.optional(),
      observed: hitsSchema.optional(),
      shadow: hitsSchema.optional(),
      last: timeSchema.optional(),
    }),
  ),
  neverHit: z.array(z.string()).describe('Rules of the files that no decision of the window names.'),
});
export type Policies = z.infer<typeof policiesSchema>;

export const rolloutSchema = z.strictObject({
  from: timeSchema,
  to: timeSchema,
  categories: z.array(
    z.strictObject({
      category: z.string(),
      enforcedAllow: z.int(),
      enforcedDeny: z.int(),
      observedAllow: z.int(),
      observedDeny: z.int(),
      stage: z
        .enum(['observe', 'partly', 'enforce'])
        .describe('By the decisions of the newest day: all observed, both, or all enforced.'),
    }),
  ),
});
export type Rollout = z.infer<typeof rolloutSchema>;

/** What a comparison of policies asks. */
export const differenceBodySchema = z.strictObject({
  filter: filterSchema.default({}),
  policyVersion: z
    .string()
    .max(128)
    .optional()
    .describe('Version that the PDP is asked for, instead of the recorded one.'),
  masked: z.boolean().default(false).describe('Also records with masked values, which may differ for that reason.'),
  maxRecords: z.int().min(1).max(1_000_000).default(100_000).describe('Records that are read at most; the newest.'),
});

const direction = z.strictObject({ name: z.string(), toAllow: z.int(), toDeny: z.int() });

/** A comparison: the same numbers as `iris replay` over the same records. */
export const differenceSchema = z.strictObject({
  id: z.string(),
  state: z.enum(['running', 'finished', 'cancelled', 'failed']),
  read: z.int().describe('Records read so far.'),
  total: z.int().describe('Records of the window, at most maxRecords.'),
  complete: z.boolean().describe('false when the window has more records than maxRecords.'),
  error: z.string().optional().describe('Why it failed.'),
  replayed: z.int(),
  changed: z.int(),
  masked: z.int().describe('Not asked: the record does not hold what the PDP was given.'),
  withoutCall: z.int(),
  withoutPolicy: z.int().describe('Met no policy of their kind, version and scope.'),
  shadow: z.int(),
  byPerson: z.array(direction),
  byTool: z.array(direction),
  changes: z
    .array(
      z.strictObject({
        id: z.string(),
        time: timeSchema,
        person: z.string(),
        tool: z.string(),
        category: z.string().optional(),
        from: effectSchema,
        to: effectSchema,
        rulesBefore: z.array(z.string()),
        rulesNow: z.array(z.string()),
      }),
    )
    .describe('The first 200 changes.'),
});
export type Difference = z.infer<typeof differenceSchema>;

export const candidatesSchema = z.strictObject({
  versions: z.array(z.string()).describe('Policy versions of the files, for policyVersion.'),
});
