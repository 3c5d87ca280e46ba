import type { WebhookRequest } from '@iris/enricher-kit';
import { describe, expect, it } from '@jest/globals';
import { readEventHook } from '../src/okta.event-hook.js';

const SECRET = 'a-long-shared-secret';

function request(change: Partial<WebhookRequest> & { readonly json?: unknown } = {}): WebhookRequest {
  const { json, ...rest } = change;
  return {
    method: 'POST',
    headers: { authorization: SECRET },
    query: new URLSearchParams(),
    body: Buffer.from(JSON.stringify(json ?? {})),
    ...rest,
  };
}

function event(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    uuid: 'u1',
    published: '2026-11-25T00:00:00.000Z',
    eventType: 'user.lifecycle.suspend',
    outcome: { result: 'SUCCESS', reason: null },
    target: [{ id: '00u1', type: 'User', alternateId: 'Ana@Lumen.example', displayName: 'Ana' }],
    ...change,
  };
}

const hook = (...events: unknown[]) => request({ json: { eventId: 'e1', data: { events } } });

describe('an event hook of Okta', () => {
  it('gives the challenge back, to who knows the secret only', () => {
    const headers = { authorization: SECRET, 'x-okta-verification-challenge': 'c1' };
    expect(readEventHook(request({ method: 'GET', headers }), SECRET)).toEqual({
      status: 200,
      body: { verification: 'c1' },
    });
    const foreign = { ...headers, authorization: `${SECRET} ` };
    expect(readEventHook(request({ method: 'GET', headers: foreign }), SECRET).status).toBe(401);
    expect(readEventHook(request({ method: 'GET' }), SECRET).status).toBe(400);
  });

  it.each<[string, WebhookRequest, number, string]>([
    ['without a secret', request({ headers: {} }), 401, 'push_unauthenticated'],
    ['with another secret', request({ headers: { authorization: 'other' } }), 401, 'push_unauthenticated'],
    ['with two secrets', request({ headers: { authorization: [SECRET, SECRET] } }), 401, 'push_unauthenticated'],
    ['that is no JSON', request({ body: Buffer.from('<html>') }), 400, 'push_malformed'],
    ['without events', request({ json: { eventId: 'e1', data: {} } }), 400, 'push_malformed'],
    [
      'by another method',
      request({ method: 'PUT', json: { eventId: 'e', data: { events: [] } } }),
      400,
      'push_malformed',
    ],
  ])('is refused %s', (_title, pushed, status, reason) => {
    const reply = readEventHook(pushed, SECRET);
    expect(reply).toMatchObject({ status, body: { status, reason } });
    expect(reply.events).toBeUndefined();
    expect(JSON.stringify(reply)).not.toContain(SECRET);
  });

  it('names whom it is about by login and by id', () => {
    expect(readEventHook(hook(event()), SECRET)).toEqual({
      status: 200,
      events: [
        {
          id: 'u1',
          records: ['00u1'],
          subjects: [{ principal: 'ana@lumen.example', loginName: 'ana@lumen.example' }],
        },
      ],
    });
  });

  it('finds the user of a membership by the type of the target, not by its place', () => {
    const target = [
      { id: '00g1', type: 'UserGroup', alternateId: 'unknown' },
      { id: '00u2', type: 'User', alternateId: 'not an address' },
    ];
    const reply = readEventHook(hook(event({ eventType: 'group.user_membership.remove', target })), SECRET);
    expect(reply.events).toEqual([{ id: 'u1', records: ['00u2'], subjects: [] }]);
  });

  it.each(['group.profile.update', 'group.lifecycle.delete'])('has everybody read after %s', (eventType) => {
    expect(readEventHook(hook(event({ eventType, target: [] })), SECRET).events).toEqual([
      { id: 'u1', everybody: true },
    ]);
  });

  it('ignores what did not take place, what changes nothing, and nothing else of a batch', () => {
    const reply = readEventHook(
      hook(
        event({ uuid: 'failed', outcome: { result: 'FAILURE' } }),
        event({ uuid: 'unknown outcome', outcome: null }),
        event({ uuid: 'sign-in', eventType: 'user.session.start' }),
        event({ uuid: 'counts' }),
      ),
      SECRET,
    );
    expect(reply.events?.map(({ id }) => id)).toEqual(['counts']);
  });
});
