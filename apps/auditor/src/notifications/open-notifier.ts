import type { RedisConnection } from '@iris/context-cache';
import type { Logger } from '@iris/telemetry';
import { request } from 'undici';
import type { AuditorSettings } from '../auditor.settings.js';
import { DecisionNotifier } from './decision-notifier.js';
import { NotificationMemory } from './notification-memory.js';
import type { SlackMessage } from './slack-message.js';

const TIMEOUT_MS = 5000;

/** @returns undefined where notify.url is not set */
export function openNotifier(
  settings: AuditorSettings,
  redis: RedisConnection,
  logger: Logger,
): DecisionNotifier | undefined {
  const url = settings['notify.url'];
  if (url === undefined) return undefined;
  return new DecisionNotifier({
    memory: new NotificationMemory(redis),
    triggers: new Set(settings['notify.triggers']),
    maxPerHour: settings['notify.maxPerHour'],
    spike: { factor: settings['notify.spikeFactor'], minimum: settings['notify.spikeMinimum'] },
    post: (message) => post(url, message),
    logger,
  });
}

/** The url of an incoming webhook is a credential, so no error names it. */
async function post(url: string, message: SlackMessage): Promise<void> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: { name?: string }) => {
    const isLate = error.name === 'TimeoutError';
    throw new Error(isLate ? `no answer in ${TIMEOUT_MS} ms` : 'the endpoint cannot be reached');
  });
  await response.body.dump();
  if (response.statusCode < 200 || response.statusCode >= 300) {
    throw new Error(`the endpoint answered ${response.statusCode}`);
  }
}
