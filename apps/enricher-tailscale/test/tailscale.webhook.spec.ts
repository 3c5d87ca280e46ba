import { createHmac } from 'node:crypto';
import type { WebhookRequest } from '@iris/enricher-kit';
import { describe, expect, it } from '@jest/globals';
import { readWebhook } from '../src/tailscale.webhook.js';

const SECRET = 'tskey-webhook-secret';
const NOW = 1_800_000_000_000;
const TIME = NOW / 1000;
const BODY = JSON.stringify([
  { timestamp: '2026-11-25T00:00:00Z', version: 1, type: 'nodeDeleted', data: { nodeID: 'nAnaMacCNTRL' } },
  { timestamp: '2026-11-25T00:00:00Z', version: 1, type: 'userSuspended', data: { user: 'ana@lumen.example' } },
  { timestamp: '2026-11-25T00:00:00Z', version: 1, type: 'policyUpdate', data: {} },
]);

const sign = (time: number | string, secret = SECRET, body = BODY) =>
  createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');

function read(signature: string | undefined, body = BODY) {
  const headers = { 'tailscale-webhook-signature': signature };
  const request: WebhookRequest = { method: 'POST', headers, query: new URLSearchParams(), body: Buffer.from(body) };
  return readWebhook(request, SECRET, NOW);
}

describe('a webhook of Tailscale', () => {
  it('names the node, or the user', () => {
    const signature = sign(TIME);
    expect(read(`t=${TIME},v1=${signature}`)).toEqual({
      status: 200,
      events: [
        { id: `${signature}/0`, records: ['nAnaMacCNTRL'] },
        {
          id: `${signature}/1`,
          subjects: [{ principal: 'ana@lumen.example', loginName: 'ana@lumen.example' }],
        },
      ],
    });
  });

  it.each([-299, 0, 299])('is taken %i s from the present', (offset) => {
    const time = TIME + offset;
    expect(read(`t=${time},v1=${'0'.repeat(64)},v1=${sign(time)}`).status).toBe(200);
  });

  it.each([-301, 301, -86_400])('is refused %i s from the present', (offset) => {
    const time = TIME + offset;
    expect(read(`t=${time},v1=${sign(time)}`)).toMatchObject({ status: 401, body: { reason: 'push_expired' } });
  });

  it.each([
    ['without a signature', undefined],
    ['without a time', `v1=${sign(TIME)}`],
    ['with a time that was changed', `t=${TIME + 1},v1=${sign(TIME)}`],
    ['with another secret', `t=${TIME},v1=${sign(TIME, 'other')}`],
    ['without a hash', `t=${TIME}`],
  ])('is refused %s', (_title, signature) => {
    expect(read(signature)).toMatchObject({ status: 401, body: { reason: 'push_unauthenticated' } });
  });

  it.each(['no json', '{}', '[]', '[{"type":1}]'])('is refused with the body %s', (body) => {
    expect(read(`t=${TIME},v1=${sign(TIME, SECRET, body)}`, body).status).toBe(400);
  });
});
