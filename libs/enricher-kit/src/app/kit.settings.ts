import { type SettingsValues, setting } from '@iris/config';
import { LOG_LEVELS } from '@iris/telemetry';
import { z } from 'zod';
import { identitySettings } from '../identity-map.js';

/** Settings that every enricher has, beside those of its vendor. */
export const kitSettings = {
  ...identitySettings,
  'grpc.host': setting.text('Address to listen on for the gateway.', { fallback: '127.0.0.1' }),
  'grpc.port': setting.integer('Port to listen on for the gateway.', { min: 1, max: 65535 }, { fallback: 50051 }),
  'grpc.tlsCertFile': setting.optionalText(
    'Certificate of the gRPC listener, PEM; without it the listener does not encrypt. Read again when it changes.',
  ),
  'grpc.tlsKeyFile': setting.optionalText('Private key of that certificate, PEM.'),
  'grpc.tlsCaFile': setting.optionalText(
    'Authorities of client certificates, PEM; with it a client without such a certificate is refused.',
  ),
  'http.host': setting.text('Address to listen on for probes and webhooks.', { fallback: '127.0.0.1' }),
  'http.port': setting.integer(
    'Port to listen on for probes and webhooks; 0 takes a free one.',
    { min: 0, max: 65535 },
    { fallback: 8081 },
  ),
  'log.level': setting.choice('Minimum log level.', LOG_LEVELS, { fallback: 'info' }),
  'redis.url': setting.optionalRedisUrl('URL of the Redis with the context cache.'),
  'redis.passwordFile': setting.optionalText(
    'File with the password of Redis, instead of one in redis.url; reloaded on change.',
  ),
  'sources.file': setting.text('The source registry.', { fallback: 'deploy/helm/iris/files/sources.yaml' }),
  'bulk.intervalSeconds': setting.structure<number | undefined>(
    "Interval of bulk reads, in s; 0 disables them; default: the registry's.",
    z.int().min(0).max(604_800).optional(),
    'a whole number from 0 to 604800',
  ),
};

export type KitSettings = SettingsValues<typeof kitSettings>;
