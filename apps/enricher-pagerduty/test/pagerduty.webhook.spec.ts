import { createHmac } from 'node:crypto';
import type { WebhookRequest } from '@iris/enricher-kit';
import { describe, expect, it } from '@jest/globals';
import { readWebhook } from '../src/pagerduty.webhook.js';

const SECRETS = ['first-secret', 'second-secret'];
const BODY = JSON.stringify({
  event: {
    id: 'ev1',
    event_type: 'incident.reassigned',
    resource_type: 'incident',
    occurred_at: '2026-11-25T00:00:00Z',
    data: { id: 'Q1', type: 'incident', number: 7, assignees: [{ id: 'PANA', type: 'user_reference' }] },
  },
});

const sign = (secret: string, body = BODY) => createHmac('sha256', secret).update(body).digest('hex');

function request(signature: string | undefined, body = BODY): WebhookRequest {
  const headers = { 'x-pagerduty-signature': signature, 'x-webhook-id': 'w1' };
  return { method: 'POST', headers, query: new URLSearchParams(), body: Buffer.from(body) };
}

describe('a webhook of PagerDuty', () => {
  it.each([
    ['the only secret', `v1=${sign('first-secret')}`],
    ['the second of two secrets', `v1=${sign('second-secret')}`],
    ['one of several signatures', `v1=${'0'.repeat(64)}, v1=${sign('first-secret')}`],
    ['a version that is not known beside', `v2=abc,v1=${sign('first-secret')}`],
  ])('is taken when it is signed with %s', (_title, signature) => {
    expect(readWebhook(request(signature), SECRETS)).toEqual({
      status: 200,
      events: [{ id: 'ev1', records: ['PANA', 'incident:7'] }],
    });
  });

  it.each([
    ['without a signature', undefined, BODY],
    ['with an empty one', '', BODY],
    ['with another secret', `v1=${sign('third-secret')}`, BODY],
    ['with a version that is not known', `v2=${sign('first-secret')}`, BODY],
    ['in upper case', `v1=${sign('first-secret').toUpperCase()}`, BODY],
    ['with a body that was changed by one blank', `v1=${sign('first-secret')}`, `${BODY} `],
  ])('is refused %s', (_title, signature, body) => {
    const reply = readWebhook(request(signature, body), SECRETS);
    expect(reply).toMatchObject({ status: 401, body: { reason: 'push_unauthenticated' } });
    expect(reply.events).toBeUndefined();
  });

  it.each(['not json', '{}', '{"event":{"id":""}}'])('is refused with the body %s', (body) => {
    expect(readWebhook(request(`v1=${sign('first-secret', body)}`, body), SECRETS).status).toBe(400);
  });

  it('acknowledges what concerns no incident, and a ping without one', () => {
    const event = { id: 'ev2', event_type: 'service.updated', data: { id: 'PS1' } };
    for (const event_type of ['service.updated', 'pagey.ping']) {
      const body = JSON.stringify({ event: { ...event, event_type } });
      expect(readWebhook(request(`v1=${sign('first-secret', body)}`, body), SECRETS)).toEqual({
        status: 200,
        events: [],
      });
    }
  });
});
