import { type SettingsValues, setting } from '@iris/config';
import { LOG_LEVELS } from '@iris/telemetry';
import { z } from 'zod';
import { identitySettings } from '../identity-map.js';

/** Settings that every enricher has, beside those of its vendor. */
export const kitSettings = {
  ...identitySettings,
  'grpc.host': setting.text('Address to listen on for the gateway.', { fallback: '127.0.0.1' }),
  'grpc.port': setting.integer('Port to listen on for the gateway.', { min: 1, max: 65535 }, { fallback: 50051 }),
  'http.host': setting.text('Address to listen on for probes and webhooks.', { fallback: '127.0.0.1' }),
  'http.port': setting.integer(
    'Port to listen on for probes and webhooks; 0 takes a free one.',
    { min: 0, max: 65535 },
    { fallback: 8081 },
  ),
  'log.level': setting.choice('Least level that is logged.', LOG_LEVELS, { fallback: 'info' }),
  'redis.url': setting.optionalRedisUrl('Redis that holds the context cache.'),
  'redis.passwordFile': setting.optionalText(
    'File with the password of Redis, in place of the one in redis.url; read again when it changes.',
  ),
  'sources.file': setting.text('The source registry.', { fallback: 'deploy/helm/iris/files/sources.yaml' }),
  'bulk.intervalSeconds': setting.structure<number | undefined>(
    'How often all that the vendor knows is read in bulk, in s, where it can be; 0 for never; as the registry says when absent.',
    z.int().min(0).max(604_800).optional(),
    'a whole number from 0 to 604800',
  ),
};

export type KitSettings = SettingsValues<typeof kitSettings>;
