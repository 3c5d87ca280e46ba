import {
  refuseWebhook,
  sameSecret,
  subjectOfAddress,
  type WebhookEvent,
  type WebhookReply,
  type WebhookRequest,
  webhookJson,
} from '@iris/enricher-kit';
import { z } from 'zod';

/** Events after which an attribute of a user may be another. */
const USER_EVENTS: ReadonlySet<string> = new Set([
  'user.lifecycle.create',
  'user.lifecycle.activate',
  'user.lifecycle.reactivate',
  'user.lifecycle.suspend',
  'user.lifecycle.unsuspend',
  'user.lifecycle.deactivate',
  'user.lifecycle.delete.initiated',
  'user.account.update_profile',
  'user.account.lock',
  'user.account.unlock',
  'user.account.reset_password',
  'user.account.expire_password',
  'group.user_membership.add',
  'group.user_membership.remove',
]);
/** Events after which the groups of all members may be others; they do not name the members. */
const GROUP_EVENTS: ReadonlySet<string> = new Set(['group.profile.update', 'group.lifecycle.delete']);

const target = z.object({ id: z.string().min(1), type: z.string(), alternateId: z.string().nullish() });
const logEvent = z.object({
  uuid: z.string().min(1),
  eventType: z.string(),
  outcome: z.object({ result: z.string() }).nullish(),
  target: z.array(target).nullish(),
});
const delivery = z.object({ eventId: z.string().min(1), data: z.object({ events: z.array(logEvent) }) });

const CHALLENGE_HEADER = 'x-okta-verification-challenge';

/**
 * Reads Okta's event hooks: the challenge of the one GET, and deliveries. What proves that Okta sends them is a fixed
 * `Authorization` value; nothing signs the body, so it only names whom to read again.
 *
 * @param secret the whole value of the header
 */
export function readEventHook(request: WebhookRequest, secret: string): WebhookReply {
  const { authorization } = request.headers;
  if (typeof authorization !== 'string' || !sameSecret(authorization, secret))
    return refuseWebhook('push_unauthenticated');
  if (request.method === 'GET') {
    const challenge = request.headers[CHALLENGE_HEADER];
    if (typeof challenge !== 'string' || challenge === '') return refuseWebhook('push_malformed');
    return { status: 200, body: { verification: challenge } };
  }
  const parsed = delivery.safeParse(webhookJson(request.body));
  if (request.method !== 'POST' || !parsed.success) return refuseWebhook('push_malformed');
  return { status: 200, events: parsed.data.data.events.flatMap(changeOf) };
}

/** Nothing for an event that did not take place, or that changes no attribute. */
function changeOf({ uuid, eventType, outcome, target }: z.infer<typeof logEvent>): WebhookEvent[] {
  if (outcome?.result !== 'SUCCESS') return [];
  if (GROUP_EVENTS.has(eventType)) return [{ id: uuid, everybody: true }];
  if (!USER_EVENTS.has(eventType)) return [];
  const users = (target ?? []).filter(({ type }) => type === 'User');
  const subjects = users
    .map(({ alternateId }) => subjectOfAddress(alternateId ?? ''))
    .filter((one) => one !== undefined);
  return [{ id: uuid, subjects, records: users.map(({ id }) => id) }];
}
