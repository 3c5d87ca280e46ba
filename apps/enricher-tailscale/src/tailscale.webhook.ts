import {
  hmacHex,
  refuseWebhook,
  sameSecret,
  type WebhookEvent,
  type WebhookReply,
  type WebhookRequest,
  webhookJson,
} from '@iris/enricher-kit';
import { z } from 'zod';

/** How far the time in a signature may be from the present, in ms: a webhook that is recorded and sent again is older. */
const TOLERANCE_MS = 5 * 60 * 1000;

const events = z
  .array(
    z.object({
      type: z.string(),
      data: z.object({ nodeID: z.string().optional(), user: z.string().optional() }).nullish(),
    }),
  )
  .min(1);

/**
 * Reads Tailscale's webhooks. `Tailscale-Webhook-Signature` is `t=<epoch s>,v1=<hex>`, an HMAC of `<t>.<raw body>`.
 * Events carry no id, so one is known by its signature and its place in the batch. Events of a node concern the node,
 * those of a user all devices of the user; there are none for posture.
 *
 * @param now epoch ms
 */
export function readWebhook(request: WebhookRequest, secret: string, now: number): WebhookReply {
  const signature = signatureOf(request);
  if (signature === undefined) return refuseWebhook('push_unauthenticated');
  const { time, v1 } = signature;
  const valid = hmacHex(secret, `${time}.`, request.body);
  if (!v1.map((one) => sameSecret(one, valid)).includes(true)) return refuseWebhook('push_unauthenticated');
  if (Math.abs(now - Number(time) * 1000) > TOLERANCE_MS) return refuseWebhook('push_expired');
  const parsed = events.safeParse(webhookJson(request.body));
  if (request.method !== 'POST' || !parsed.success) return refuseWebhook('push_malformed');
  return {
    status: 200,
    events: parsed.data.flatMap(({ type, data }, index): WebhookEvent[] => {
      const id = `${valid}/${index}`;
      if (type.startsWith('node') && data?.nodeID !== undefined) return [{ id, records: [data.nodeID] }];
      if (type.startsWith('user') && data?.user !== undefined) {
        return [{ id, subjects: [{ principal: data.user, loginName: data.user }] }];
      }
      return [];
    }),
  };
}

function signatureOf({ headers }: WebhookRequest): { time: string; v1: string[] } | undefined {
  const parts = String(headers['tailscale-webhook-signature'] ?? '')
    .split(',')
    .map((part) => part.trim());
  const time = parts.map((part) => /^t=(\d{1,12})$/.exec(part)?.[1]).find((value) => value !== undefined);
  const v1 = parts.map((part) => /^v1=([0-9a-f]{64})$/.exec(part)?.[1]).filter((value) => value !== undefined);
  return time === undefined || v1.length === 0 ? undefined : { time, v1 };
}
