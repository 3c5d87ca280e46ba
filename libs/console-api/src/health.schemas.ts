import { z } from 'zod';
import { roleSchema, sourceStatusSchema, timeSchema } from './shared.schemas.js';

/** Who is asking. */
export const meSchema = z.strictObject({
  login: z.string(),
  name: z.string().optional(),
  role: roleSchema,
  method: z.enum(['tailscale', 'oidc', 'local']),
  csrfToken: z.string().describe('Value of the header x-iris-csrf of every request that is not a GET.'),
  irisVersion: z.string(),
  logoutUrl: z.string().optional(),
});
export type Me = z.infer<typeof meSchema>;

const findingSchema = z.strictObject({
  id: z.string().describe('Stable id, as `iris doctor` prints it.'),
  subject: z.string(),
  detail: z.string(),
  fix: z.string().describe('What to do.'),
});

export const checkSchema = z.strictObject({
  check: z.string(),
  state: z.enum(['ok', 'warning', 'failing', 'not_checked']),
  notes: z.array(z.string()),
  findings: z.array(findingSchema),
  warnings: z.array(findingSchema),
  skipped: z.string().optional().describe('Why it was not checked.'),
});
export type Check = z.infer<typeof checkSchema>;

export const healthSchema = z.strictObject({
  checkedAt: timeSchema,
  checks: z.array(checkSchema).describe('The checks of `iris doctor` that the settings of the console allow.'),
  sources: z
    .array(z.strictObject({ source: z.string(), statuses: z.partialRecord(sourceStatusSchema, z.int()) }))
    .describe('Decisions of the last hour by the status of each source.'),
  log: z.strictObject({
    state: z.enum(['ok', 'unavailable']),
    rows: z.int().optional().describe('Records in the log, estimated.'),
    bytes: z.int().optional(),
    newest: timeSchema.optional().describe('Time of the newest record.'),
    oldest: timeSchema.optional(),
    lagSeconds: z.number().optional().describe('From a decision to its arrival, median of the newest 1000, in s.'),
  }),
  securityReports: z.int().describe('Reports of the content security policy since the start.'),
});
export type Health = z.infer<typeof healthSchema>;

export const accessQuerySchema = z.strictObject({
  person: z.string().max(512).optional().describe('Whose data was looked at.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** Who looked at whose data. */
export const accessLogSchema = z.strictObject({
  entries: z.array(
    z.strictObject({
      time: timeSchema,
      actor: z.string(),
      role: roleSchema,
      action: z.string().describe('Operation of the API.'),
      subject: z.string().optional().describe('Person whose data was answered.'),
      record: z.string().optional().describe('Record that was answered.'),
    }),
  ),
});
export type AccessLog = z.infer<typeof accessLogSchema>;
