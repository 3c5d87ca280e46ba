import { type Hook, hookCallDataSchema } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import { decisionRequest } from './decision-request.js';

const attributesOf = (hook: Hook) => decisionRequest(hook).attributes;

function hook(metadata: object): Hook {
  const data = hookCallDataSchema.parse({ metadata });
  const arrivedAt = Date.UTC(2026, 2, 1, 23, 30);
  return { event: 'pre_request', keyName: 'k', arrivedAt, metadata: data.metadata, data };
}

describe('the attributes of a request', () => {
  it('are what the hook states, apart from the time', () => {
    const metadata = {
      user_agent: 'claude-cli/2.1 (external)',
      url: '/v1/messages',
      model: 'm',
      provider: 'p',
      request_id: 'r',
      session_id: 's',
      quotas: { team: { current: 1 } },
      estimated_cost: { dollars: 0.5 },
    };
    expect(attributesOf(hook(metadata))).toEqual({
      model: 'm',
      provider: 'p',
      client: { name: 'claude-cli', version: '2.1' },
      userAgent: metadata.user_agent,
      url: '/v1/messages',
      event: 'pre_request',
      requestId: 'r',
      sessionId: 's',
      estimatedCost: { dollars: 0.5 },
      quotas: { team: { current: 1 } },
    });
  });

  it('list the fields of the body that no reader lists', () => {
    expect(attributesOf({ ...hook({}), unknownFields: ['plugins'] }).unknownFields).toEqual(['plugins']);
  });

  it('leave out what the hook does not state', () => {
    expect(Object.keys(attributesOf(hook({}))).sort()).toEqual(['event']);
  });

  it.each([
    ['curl', { name: 'curl' }],
    ['Anthropic/Python 0.83.0', { name: 'Anthropic', version: 'Python' }],
    [' codex_cli_rs/0.1 (Mac OS) ', { name: 'codex_cli_rs', version: '0.1' }],
    ['(compatible)', undefined],
    ['', undefined],
  ])('take the client from %j', (user_agent, client) => {
    expect(attributesOf(hook({ user_agent })).client).toEqual(client);
  });
});

describe('a request for decisions', () => {
  it('names the person, the session and the request, and nothing of the session changes with the request', () => {
    const first = decisionRequest(
      hook({ login_name: 'ana@example.com', session_id: 's', request_id: 'r1', model: 'm' }),
    );
    expect(first).toMatchObject({ who: { kind: 'user', id: 'ana@example.com' }, sessionId: 's', requestId: 'r1' });
    const second = decisionRequest(hook({ session_id: 's', request_id: 'r2', model: 'm', url: '/v1/messages' }));
    expect(second.sessionAttributes).toEqual({ model: 'm' });
    expect(first.sessionAttributes).toEqual(second.sessionAttributes);
  });
});
