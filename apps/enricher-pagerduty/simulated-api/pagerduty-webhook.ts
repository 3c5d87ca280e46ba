import { createHmac, randomUUID } from 'node:crypto';
import { type Company, type DeliveryAttempt, deliver, UnknownFactError } from '@iris/simulation';
import { incidentRecord, timestamp } from './pagerduty-records.js';

export interface PagerDutyWebhook {
  readonly url: string;
  /** One, or two while the secret is rotated: each makes a signature. */
  readonly secrets: readonly string[];
  /** For example `incident.reassigned`. */
  readonly eventType: string;
  /** Number of the incident. */
  readonly incident: number;
  /** The same through all retries; a new one when absent. */
  readonly webhookId?: string;
  readonly eventId?: string;
  readonly repeat?: number;
}

const WEBHOOK_TIMEOUT_MS = 5000;
const RETRIES = 2;

/**
 * Sends a V3 webhook of an incident. The vendor tries for two days; the sandbox tries two more times at once.
 *
 * @throws UnknownFactError for an incident that the company does not have
 */
export async function sendPagerDutyWebhook(company: Company, webhook: PagerDutyWebhook): Promise<DeliveryAttempt[]> {
  const incident = company.incidents.find((candidate) => candidate.number === webhook.incident);
  if (incident === undefined) throw new UnknownFactError(`no incident ${webhook.incident}`);
  const { assignments, incident_number, summary: _, ...record } = incidentRecord(company, incident, new Set());
  const body = JSON.stringify({
    event: {
      id: webhook.eventId ?? randomUUID(),
      event_type: webhook.eventType,
      resource_type: 'incident',
      occurred_at: timestamp(company.now, true),
      agent: null,
      client: null,
      data: {
        ...record,
        number: incident_number,
        assignees: (assignments as { assignee: unknown }[]).map(({ assignee }) => assignee),
      },
    },
  });
  const signatures = webhook.secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`);
  return deliver({
    url: webhook.url,
    headers: {
      'user-agent': 'PagerDuty-Webhook/V3.0',
      'x-pagerduty-signature': signatures.join(','),
      'x-webhook-id': webhook.webhookId ?? randomUUID(),
    },
    body,
    timeoutMs: WEBHOOK_TIMEOUT_MS,
    retries: RETRIES,
    retryOn429: true,
    repeat: webhook.repeat,
  });
}
