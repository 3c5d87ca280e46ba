import {
  hmacHex,
  refuseWebhook,
  sameSecret,
  type WebhookReply,
  type WebhookRequest,
  webhookJson,
} from '@iris/enricher-kit';
import { z } from 'zod';

const reference = z.object({ id: z.string().min(1) });
const delivery = z.object({
  event: z.object({
    id: z.string().min(1),
    event_type: z.string(),
    data: z.unknown(),
  }),
});
const incident = z.object({
  id: z.string().min(1),
  number: z.int().optional(),
  assignees: z.array(reference).optional(),
});

/** The record of an incident, by which the entries of those who have it are found. */
export function incidentRecord(number: number): string {
  return `incident:${number}`;
}

/**
 * Reads PagerDuty's webhooks V3. `X-PagerDuty-Signature` holds one HMAC of the raw body for each secret, several while
 * a secret is rotated; one that fits is enough. The header `X-Webhook-Id` is not signed, so an event is known by the
 * id in the signed body.
 *
 * An incident concerns those who have it now and those who had it before.
 */
export function readWebhook(request: WebhookRequest, secrets: readonly string[]): WebhookReply {
  if (!isSigned(request, secrets)) return refuseWebhook('push_unauthenticated');
  const parsed = delivery.safeParse(webhookJson(request.body));
  if (request.method !== 'POST' || !parsed.success) return refuseWebhook('push_malformed');
  const { id, event_type, data } = parsed.data.event;
  if (!event_type.startsWith('incident.')) return { status: 200, events: [] };
  const { data: changed } = incident.safeParse(data);
  if (changed === undefined) return { status: 200, events: [] };
  const records = (changed.assignees ?? []).map((user) => user.id);
  if (changed.number !== undefined) records.push(incidentRecord(changed.number));
  return { status: 200, events: [{ id, records }] };
}

function isSigned({ headers, body }: WebhookRequest, secrets: readonly string[]): boolean {
  const header = headers['x-pagerduty-signature'];
  const given = String(header ?? '')
    .split(',')
    .map((part) => /^v1=([0-9a-f]{64})$/.exec(part.trim())?.[1])
    .filter((signature) => signature !== undefined);
  const valid = secrets.map((secret) => hmacHex(secret, body));
  // All are compared, so that the time reveals nothing.
  return given.map((one) => valid.map((other) => sameSecret(one, other)).includes(true)).includes(true);
}
