import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UnknownFactError } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sendOktaHook, verifyOktaHook } from '../../enricher-okta/simulated-api/okta-event-hook.js';
import { sendPagerDutyWebhook } from '../../enricher-pagerduty/simulated-api/pagerduty-webhook.js';
import { sendTailscaleWebhook } from '../../enricher-tailscale/simulated-api/tailscale-webhook.js';
import { type Sandbox, startSandbox } from './sandbox.js';

interface Received {
  method: string;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('webhooks of the vendors', () => {
  let sandbox: Sandbox;
  let receiver: Server;
  let url: string;
  let received: Received[] = [];
  let answers: { status: number; body?: (request: Received) => string }[] = [];

  const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');

  beforeAll(async () => {
    sandbox = await startSandbox();
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const got = {
          method: request.method ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        received.push(got);
        const answer = answers.shift() ?? { status: 204 };
        response.writeHead(answer.status).end(answer.body?.(got));
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  afterAll(async () => {
    await sandbox.close();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });
  afterEach(() => {
    received = [];
    answers = [];
  });

  it('asks an endpoint to give the challenge of Okta back', async () => {
    const target = { url, authorization: 'hook-secret' };
    const challenge = ({ headers }: Received) =>
      JSON.stringify({ verification: headers['x-okta-verification-challenge'] });
    answers = [{ status: 200, body: challenge }, { status: 200, body: () => '{}' }, { status: 401 }];
    expect(await verifyOktaHook(target)).toEqual({ status: 200, verified: true });
    expect(await verifyOktaHook(target)).toEqual({ status: 200, verified: false });
    expect(await verifyOktaHook(target)).toEqual({ status: 401, verified: false });
    expect(received[0]).toMatchObject({ method: 'GET', headers: { authorization: 'hook-secret' } });
  });

  it('delivers a batch of events of Okta, in the order given and as often as told', async () => {
    const events = [
      {
        eventType: 'user.lifecycle.suspend',
        login: 'ana@lumen.example',
        published: Date.parse('2026-11-02T00:00:00Z'),
      },
      {
        eventType: 'group.user_membership.add',
        login: 'ben@lumen.example',
        group: 'OKTA_GROUP:Engineering',
        published: Date.parse('2026-11-01T00:00:00Z'),
      },
    ];
    const sent = await sendOktaHook(sandbox.admin.company, {
      url,
      authorization: 'hook-secret',
      events,
      eventId: 'event-1',
      repeat: 2,
    });
    expect(sent).toHaveLength(2);
    expect(received[0]?.body).toBe(received[1]?.body);
    expect(received[0]?.headers.authorization).toBe('hook-secret');
    const body = JSON.parse(received[0]?.body ?? '');
    expect(body).toMatchObject({
      eventType: 'com.okta.event_hook',
      eventTypeVersion: '1.0',
      cloudEventsVersion: '0.1',
      eventId: 'event-1',
      data: {
        events: [
          {
            eventType: 'user.lifecycle.suspend',
            published: '2026-11-02T00:00:00.000Z',
            outcome: { result: 'SUCCESS' },
            target: [{ type: 'User', alternateId: 'ana@lumen.example' }],
          },
          {
            target: [
              { type: 'UserGroup', displayName: 'Engineering' },
              { type: 'User', alternateId: 'ben@lumen.example' },
            ],
          },
        ],
      },
    });
    const user = await fetch(`${sandbox.urls.okta}/api/v1/users/ana`, {
      headers: { authorization: `SSWS ${sandbox.credentials.okta.token}` },
    });
    expect(body.data.events[0].target[0].id).toBe(((await user.json()) as { id: string }).id);
  });

  it('tries once more for Okta after a 5xx, and not after a 4xx', async () => {
    const delivery = {
      url,
      authorization: 'x',
      events: [{ eventType: 'user.lifecycle.suspend', login: 'ana@lumen.example' }],
    };
    answers = [{ status: 503 }, { status: 200 }];
    expect((await sendOktaHook(sandbox.admin.company, delivery)).map((attempt) => attempt.status)).toEqual([503, 200]);
    answers = [{ status: 400 }];
    expect(await sendOktaHook(sandbox.admin.company, delivery)).toHaveLength(1);
    const nobody = [{ eventType: 'user.lifecycle.suspend', login: 'nobody@lumen.example' }];
    await expect(sendOktaHook(sandbox.admin.company, { ...delivery, events: nobody })).rejects.toThrow(
      UnknownFactError,
    );
  });

  it('signs for PagerDuty with every secret, with one id through all retries', async () => {
    answers = [{ status: 500 }, { status: 202 }];
    const webhook = { url, secrets: ['old', 'new'], eventType: 'incident.reassigned', incident: 101 };
    expect(await sendPagerDutyWebhook(sandbox.admin.company, webhook)).toHaveLength(2);
    const [first, second] = received;
    expect(first?.headers['x-pagerduty-signature']).toBe(
      `v1=${hmac('old', first?.body ?? '')},v1=${hmac('new', first?.body ?? '')}`,
    );
    expect(second?.headers['x-webhook-id']).toBe(first?.headers['x-webhook-id']);
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      event: {
        event_type: 'incident.reassigned',
        resource_type: 'incident',
        data: {
          type: 'incident',
          status: 'acknowledged',
          number: 101,
          assignees: [{ type: 'user_reference', summary: 'Ana Almeida' }],
        },
      },
    });
    await expect(sendPagerDutyWebhook(sandbox.admin.company, { ...webhook, incident: 7 })).rejects.toThrow(
      UnknownFactError,
    );
  });

  it('signs for Tailscale over time and body', async () => {
    const events = [
      { type: 'nodeDeleted', nodeId: 'nAnaMacCNTRL' },
      { type: 'userSuspended', login: 'jo@lumen.example' },
    ];
    await sendTailscaleWebhook(sandbox.admin.company, {
      url,
      secret: 'tskey-webhook',
      events,
      signedAt: Date.parse('2026-11-01T00:00:00Z'),
    });
    const [got] = received;
    const seconds = Date.parse('2026-11-01T00:00:00Z') / 1000;
    expect(got?.headers['tailscale-webhook-signature']).toBe(
      `t=${seconds},v1=${hmac('tskey-webhook', `${seconds}.${got?.body}`)}`,
    );
    expect(JSON.parse(got?.body ?? '')).toMatchObject([
      { type: 'nodeDeleted', version: 1, data: { nodeID: 'nAnaMacCNTRL', deviceName: 'ana-mac' } },
      { type: 'userSuspended', data: { user: 'jo@lumen.example' } },
    ]);
  });

  it('reports an attempt without an answer', async () => {
    const refused = await sendTailscaleWebhook(sandbox.admin.company, {
      url: 'http://127.0.0.1:1/',
      secret: 's',
      events: [{ type: 'policyUpdate' }],
    });
    expect(refused).toEqual([{ durationMs: expect.any(Number) }]);
  });
});
