import { z } from 'zod';
import { EMPLOYMENT_STATUSES, OKTA_STATUSES, WORKER_TYPES } from '../company/person.js';
import { faultSchema } from './fault.js';
import { VENDOR_NAMES } from './vendor-name.js';

/** Bodies and queries of the admin API. Times are RFC 3339 texts, durations ms. */

const login = z.string().min(1);
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const optionalDate = z.iso
  .date()
  .nullable()
  .transform((text) => text ?? undefined);

export const vendorParameter = z.object({ vendor: z.enum(VENDOR_NAMES) });
export const callsQuery = z.object({ vendor: z.enum(VENDOR_NAMES).optional() });
export const faultsBody = z.union([faultSchema.transform((fault) => [fault]), z.array(faultSchema)]);
export const latencyBody = z.strictObject({ ms: z.int().nonnegative() });
export const clockBody = z.union([
  z.strictObject({ offsetMs: z.int() }),
  z.strictObject({ advanceMs: z.int() }),
  z.strictObject({ now: instant }),
]);

export const personPatch = z.strictObject({
  hr: z
    .strictObject({
      department: z.string(),
      title: z.string(),
      costCenter: z.string(),
      managerLogin: login,
      location: z.string(),
      country: z.string(),
      workerType: z.enum(WORKER_TYPES),
      employmentStatus: z.enum(EMPLOYMENT_STATUSES),
      hireDate: z.iso.date(),
      terminationDate: optionalDate,
    })
    .partial()
    .optional(),
  oktaProfile: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
  serviceNow: z
    .array(
      z.strictObject({
        userName: z.string(),
        active: z.boolean(),
        groups: z.array(z.string()),
        hiddenByAcl: z.boolean().optional(),
      }),
    )
    .optional(),
});

export const oktaStatusBody = z.strictObject({ login, status: z.enum(OKTA_STATUSES) });
const groupKey = z.string().regex(/^(?:OKTA_GROUP|APP_GROUP|BUILT_IN):.+$/, 'must be <type>:<name>');
export const oktaGroupsBody = z.strictObject({
  login,
  add: z.array(groupKey).default([]),
  remove: z.array(groupKey).default([]),
});

export const shiftEndBody = z.strictObject({ login, at: instant.optional() });
export const shiftStartBody = z.strictObject({
  login,
  policy: z.string(),
  level: z.int().min(1).optional(),
  schedule: z.string().nullable().optional(),
  start: instant.nullable().optional(),
  end: instant.nullable().optional(),
});

const postureValue = z.union([z.string(), z.number(), z.boolean()]);
export const postureBody = z.strictObject({
  /** null takes an attribute away. */
  attributes: z.record(z.string(), postureValue.nullable()),
  expiries: z.record(z.string(), instant).optional(),
});
export const devicePatch = z
  .strictObject({
    user: login,
    hostname: z.string(),
    os: z.string(),
    tags: z.array(z.string()),
    isExternal: z.boolean(),
    connected: z.boolean(),
  })
  .partial();

export const itemPatch = z
  .strictObject({
    environment: z.string(),
    supportGroup: z.string(),
    ownerLogin: login,
    criticality: z.string(),
    operational: z.boolean(),
  })
  .partial();

export const changeBody = z.strictObject({
  description: z.string().default('Change'),
  assignedTo: login,
  item: z.string(),
  type: z.enum(['standard', 'normal', 'emergency']).default('normal'),
  state: z.int().default(-1),
  approval: z.enum(['not requested', 'requested', 'approved', 'rejected']).default('approved'),
  onHold: z.boolean().default(false),
  start: instant,
  end: instant.optional(),
});

export const incidentBody = z.strictObject({
  title: z.string().default('Incident'),
  service: z.string(),
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  urgency: z.enum(['high', 'low']).default('high'),
  assignedTo: login,
  createdAt: instant,
});

const repeat = z.int().min(1).max(100).optional();
export const oktaHookTarget = z.strictObject({ url: z.url(), authorization: z.string() });
export const oktaHookBody = oktaHookTarget.extend({
  events: z
    .array(
      z.strictObject({
        eventType: z.string(),
        login,
        group: groupKey.optional(),
        published: instant.optional(),
        result: z.enum(['SUCCESS', 'FAILURE']).optional(),
        uuid: z.string().optional(),
      }),
    )
    .min(1),
  eventId: z.string().optional(),
  repeat,
});
export const pagerDutyWebhookBody = z.strictObject({
  url: z.url(),
  secrets: z.array(z.string().min(1)).min(1),
  eventType: z.string(),
  incident: z.int(),
  webhookId: z.string().optional(),
  eventId: z.string().optional(),
  repeat,
});
export const tailscaleWebhookBody = z.strictObject({
  url: z.url(),
  secret: z.string().min(1),
  events: z.array(z.strictObject({ type: z.string(), nodeId: z.string().optional(), login: login.optional() })).min(1),
  signedAt: instant.optional(),
  repeat,
});
