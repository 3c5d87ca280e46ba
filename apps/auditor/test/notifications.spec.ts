import { loadSettings } from '@iris/config';
import { connectRedis, type RedisConnection, waitForRedis } from '@iris/context-cache';
import { startRedis, type TestRedis } from '@iris/context-cache/testing';
import { createLogger } from '@iris/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auditorSettings } from '../src/auditor.settings.js';
import type { DecisionNotifier } from '../src/notifications/decision-notifier.js';
import { openNotifier } from '../src/notifications/open-notifier.js';
import { slackText } from '../src/notifications/slack-message.js';
import { type HttpEndpoint, startHttpEndpoint } from './http-endpoint.js';

const logger = createLogger('test', 'silent');

let server: TestRedis;
let redis: RedisConnection;
let endpoint: HttpEndpoint;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, { commandTimeoutMs: 2000 });
  await waitForRedis(redis, 5000);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  endpoint = await startHttpEndpoint();
});
afterEach(() => endpoint.close());

function notifier(settings: Record<string, string> = {}): DecisionNotifier {
  const values = loadSettings(auditorSettings, {
    IRIS_REDIS_URL: server.url,
    IRIS_FILE_SINK_DIRECTORY: '/tmp',
    IRIS_NOTIFY_URL: endpoint.url,
    ...settings,
  });
  const opened = openNotifier(values, redis, logger);
  if (opened === undefined) throw new Error('no notifier');
  return opened;
}

interface Call {
  readonly tool?: string;
  readonly category?: string;
  readonly effect?: 'ALLOW' | 'DENY';
  readonly rule?: string;
  readonly mode?: string;
  readonly minutesAgo?: number;
}

function line({ tool = 'run_sql', category = 'database', effect = 'DENY', rule, mode, minutesAgo = 0 }: Call): string {
  return JSON.stringify({
    schema: 'iris.evidence.v1',
    id: 'x',
    time: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
    mode: mode ?? 'enforce',
    enforced: true,
    effect,
    reason: effect === 'DENY' ? 'policy_denied' : 'policy_allowed',
    action: tool,
    principal: { id: 'ana@lumen.example' },
    resource: { attr: { category, params: { sql: 'drop table salaries' } } },
    policy: { rules: rule === undefined ? [] : [rule] },
    requestId: 'req-1',
  });
}

async function textsAfter(notifier: DecisionNotifier, ...batches: (readonly string[])[]): Promise<string[]> {
  for (const batch of batches) notifier.delivered(batch);
  await notifier.settled();
  return endpoint.taken.map(({ body }) => (JSON.parse(body.toString()) as { text: string }).text);
}

describe('notifications of decisions', () => {
  it('name the first denial of each rule once, for all auditors', async () => {
    const denial = line({ rule: 'pack.production#needs_on_call' });
    const texts = await textsAfter(notifier(), [denial, denial], [line({ rule: 'pack.hr#people_ops' })]);
    expect(texts).toHaveLength(2);
    expect(texts[0]).toContain('pack.production#needs_on_call');
    expect(texts[0]).toContain('iris why req-1');
    await expect(textsAfter(notifier(), [denial])).resolves.toHaveLength(2);
  });

  it('name a tool without a category once, whether it is allowed or denied', async () => {
    const unknown = { tool: 'frobnicate', category: 'uncategorised' };
    const texts = await textsAfter(notifier(), [line({ ...unknown, effect: 'ALLOW' }), line(unknown)]);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toContain('`frobnicate`, allowed');
  });

  it('name neither persons nor parameters, and carry no markup of a tool name', async () => {
    const texts = await textsAfter(notifier(), [
      line({ tool: '<https://evil.example|click>`*\u202e&', category: 'uncategorised' }),
    ]);
    expect(texts[0]).toContain("&lt;https://evil.example|click&gt;'* &amp;");
    expect(texts.join()).not.toMatch(/ana@|salaries/);
  });

  it('of a spike compare the last 5 minutes with the hour before, and come once an hour', async () => {
    const usual = Array.from({ length: 110 }, (_, index) => line({ minutesAgo: 6 + (index % 50) }));
    const settings = { IRIS_NOTIFY_TRIGGERS: '["denial_spike"]' };
    await expect(textsAfter(notifier(settings), usual, Array(19).fill(line({})))).resolves.toEqual([]);
    const texts = await textsAfter(notifier(settings), Array(20).fill(line({})), Array(200).fill(line({})));
    expect(texts).toEqual(['Iris: 39 denials in 5 minutes, 10 are usual in the hour before.']);
  });

  it('are limited in number, and the next one names how many were suppressed', async () => {
    const rules = Array.from({ length: 5 }, (_, index) => line({ rule: `pack#${index}` }));
    await expect(textsAfter(notifier({ IRIS_NOTIFY_MAX_PER_HOUR: '2' }), rules)).resolves.toHaveLength(2);
    const texts = await textsAfter(notifier({ IRIS_NOTIFY_MAX_PER_HOUR: '10' }), [line({ rule: 'pack#later' })]);
    expect(texts[2]).toContain('3 further notifications were suppressed');
  });

  it('that the endpoint refuses come with the next denial', async () => {
    endpoint.answer = () => 500;
    const denial = line({ rule: 'pack#rule' });
    await expect(textsAfter(notifier(), [denial])).resolves.toEqual([]);
    endpoint.answer = () => 200;
    await expect(textsAfter(notifier(), [denial])).resolves.toHaveLength(1);
  });

  it('leave out second opinions, chain heads and triggers that are switched off', async () => {
    const lines = [line({ rule: 'pack#rule', mode: 'shadow' }), '{"schema":"iris.evidence.head.v1"}', '[]', 'null'];
    await expect(textsAfter(notifier(), lines)).resolves.toEqual([]);
    const off = notifier({ IRIS_NOTIFY_TRIGGERS: '[]' });
    await expect(textsAfter(off, [line({ rule: 'pack#rule', category: 'uncategorised' })])).resolves.toEqual([]);
  });

  it('need a URL, which no error shows', () => {
    const open = () => notifier({ IRIS_NOTIFY_URL: 'hooks.slack.example/secret' });
    expect(open).toThrow('notify.url');
    expect(open).not.toThrow('secret');
  });
});

describe('a name in a message', () => {
  it('is cut', () => {
    expect(slackText('x'.repeat(1000)).length).toBeLessThan(210);
  });
});
