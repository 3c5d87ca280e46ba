import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { REASONS, type ReasonId } from '@iris/contracts';
import type { WebhookReply } from '../enricher-definition.js';

type Refusal = Extract<ReasonId, `push_${string}`>;

const STATUS_OF_REFUSAL: Readonly<Record<Refusal, number>> = {
  push_unauthenticated: 401,
  push_expired: 401,
  push_malformed: 400,
  push_too_large: 413,
};

/** Refuses a webhook with a problem document (RFC 9457). */
export function refuseWebhook(reason: Refusal): WebhookReply {
  const status = STATUS_OF_REFUSAL[reason];
  return { status, body: { title: REASONS[reason], status, reason } };
}

/** Whether two secrets are equal, in constant time. */
export function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(one), digest(other));
}

/** HMAC-SHA256 in lower-case hex. */
export function hmacHex(secret: string, ...parts: readonly (string | Buffer)[]): string {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest('hex');
}

/** The body of a webhook as JSON; undefined when it is none. */
export function webhookJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
