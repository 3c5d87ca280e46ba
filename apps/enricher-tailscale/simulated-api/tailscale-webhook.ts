import { createHmac } from 'node:crypto';
import { type Company, type DeliveryAttempt, deliver } from '@iris/simulation';
import { timestamp } from './tailscale-records.js';

export interface TailscaleWebhook {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly {
    /** For example `nodeDeleted` or `userSuspended`. */
    readonly type: string;
    /** Of a node event; the node may be gone by now. */
    readonly nodeId?: string;
    /** Of a user event. */
    readonly login?: string;
  }[];
  /** Time in the signature, in ms by the real clock; the present one when absent. */
  readonly signedAt?: number;
  readonly repeat?: number;
}

const WEBHOOK_TIMEOUT_MS = 5000;

/** Sends a batch of events, signed over the time and the body. */
export async function sendTailscaleWebhook(company: Company, webhook: TailscaleWebhook): Promise<DeliveryAttempt[]> {
  const body = JSON.stringify(
    webhook.events.map(({ type, nodeId, login }) => ({
      timestamp: timestamp(company.now),
      version: 1,
      type,
      tailnet: 'lumen.example',
      message: type,
      data: {
        actor: 'admin@lumen.example',
        ...(login !== undefined && { user: login, url: 'https://login.tailscale.com/admin/users' }),
        ...(nodeId !== undefined && {
          nodeID: nodeId,
          deviceName: company.devices.find((device) => device.nodeId === nodeId)?.hostname ?? nodeId,
          url: 'https://login.tailscale.com/admin/machines',
        }),
      },
    })),
  );
  const seconds = Math.floor((webhook.signedAt ?? Date.now()) / 1000);
  const signature = createHmac('sha256', webhook.secret).update(`${seconds}.${body}`).digest('hex');
  return deliver({
    url: webhook.url,
    headers: { 'tailscale-webhook-signature': `t=${seconds},v1=${signature}` },
    body,
    timeoutMs: WEBHOOK_TIMEOUT_MS,
    retries: 0,
    repeat: webhook.repeat,
  });
}
