import { type SettingsValues, setting } from '@iris/config';
import { decisionLogSettings } from '@iris/decision-log';
import { LOG_LEVELS } from '@iris/telemetry';
import { z } from 'zod';
import { TRIGGERS } from './notifications/decision-notice.js';
import { HTTP_FORMATS } from './sinks/http-sink.js';

/** Every setting of the auditor. At least one sink must be set. */
export const auditorSettings = {
  'http.host': setting.text('Address of the health endpoint.', { fallback: '127.0.0.1' }),
  'http.port': setting.integer(
    'Port of the health endpoint; 0 takes a free one.',
    { min: 0, max: 65535 },
    { fallback: 8081 },
  ),
  'log.level': setting.choice('Minimum log level.', LOG_LEVELS, { fallback: 'info' }),
  'redis.url': setting.redisUrl('URL of the Redis with the evidence queue.'),
  'redis.passwordFile': setting.optionalText(
    'File with the password of Redis, instead of one in redis.url; reloaded on change.',
  ),

  'delivery.concurrency': setting.integer(
    'Maximum concurrent deliveries; each gateway has at most one batch in flight.',
    { min: 1, max: 1000 },
    { fallback: 8 },
  ),
  'delivery.lockSeconds': setting.integer(
    'Time without a heartbeat of an auditor after which another one takes its batch, in s.',
    { min: 1, max: 600 },
    { fallback: 15 },
  ),

  'fileSink.directory': setting.optionalText('Folder for files of JSON lines; without it there is no file sink.'),
  'fileSink.maxBytes': setting.integer(
    'Maximum size of a file, in bytes.',
    { min: 1024, max: 1_099_511_627_776 },
    { fallback: 134_217_728 },
  ),
  'fileSink.maxSeconds': setting.integer(
    'Maximum age of a file, in s.',
    { min: 1, max: 31_536_000 },
    { fallback: 86_400 },
  ),
  'fileSink.keepFiles': setting.integer(
    'How many files are kept, the oldest go first; 0 keeps all.',
    { min: 0, max: 1_000_000 },
    { fallback: 0 },
  ),

  'fileSink.keepDays': setting.integer(
    'How many days files are kept after their last record; 0 keeps them for ever.',
    { min: 0, max: 36_500 },
    { fallback: 0 },
  ),
  'fileSink.keepBytes': setting.integer(
    'How many bytes of files are kept, the oldest go first; 0 sets no limit.',
    { min: 0, max: 1_125_899_906_842_624 },
    { fallback: 0 },
  ),

  'httpSink.url': setting.structure(
    'Endpoint for batches, gzipped, by POST; without it there is no HTTP sink.',
    z.url({ protocol: /^https?$/ }).optional(),
    'an http:// or https:// URL',
    { fallback: undefined },
  ),
  'httpSink.secret': setting.optionalText(
    'Key of the HMAC-SHA256 signature; without it batches are sent without a signature.',
    { secret: true },
  ),
  'httpSink.authorization': setting.optionalText('Value of the Authorization header.', { secret: true }),
  'httpSink.format': setting.choice(
    'Format of records: JSON lines, or that of Splunk (HEC), Datadog (logs) or Elasticsearch (bulk).',
    HTTP_FORMATS,
    { fallback: 'ndjson' },
  ),
  'httpSink.headers': setting.structure(
    'Further headers of the request.',
    z.record(z.string(), z.string()),
    'JSON such as {"DD-API-KEY":"…"}',
    { fallback: {}, secret: true },
  ),
  'httpSink.timeoutMs': setting.integer(
    'Timeout of a request, in ms.',
    { min: 100, max: 300_000 },
    { fallback: 10_000 },
  ),

  'otlpSink.url': setting.structure(
    'OTLP/HTTP endpoint for logs, with its path; without it there is no OTLP sink.',
    z.url({ protocol: /^https?$/ }).optional(),
    'a URL such as http://127.0.0.1:4318/v1/logs',
    { fallback: undefined },
  ),
  'otlpSink.headers': setting.structure(
    'Headers for the OTLP endpoint.',
    z.record(z.string(), z.string()),
    'JSON such as {"authorization":"Bearer …"}',
    { fallback: {}, secret: true },
  ),
  'otlpSink.timeoutMs': setting.integer(
    'Timeout of a request, in ms.',
    { min: 100, max: 300_000 },
    { fallback: 10_000 },
  ),

  ...decisionLogSettings,
  'decisionLog.keepDays': setting.integer(
    'How many days the decision log keeps; older days are dropped whole. 0 keeps all.',
    { min: 0, max: 36_500 },
    { fallback: 0 },
  ),

  'notify.url': setting.structure(
    'Incoming webhook in the format of Slack for notifications of decisions; without it none are sent.',
    z.url({ protocol: /^https?$/ }).optional(),
    'an http:// or https:// URL',
    { fallback: undefined, secret: true },
  ),
  'notify.triggers': setting.structure(
    'What is notified: the first denial by a rule, the first call of a tool without a category, a spike of denials.',
    z.array(z.enum(TRIGGERS)),
    `a JSON list of ${TRIGGERS.join(', ')}`,
    { fallback: [...TRIGGERS] },
  ),
  'notify.maxPerHour': setting.integer(
    'Messages of all auditors in one hour; further ones are counted and named in the next message.',
    { min: 1, max: 1000 },
    { fallback: 10 },
  ),
  'notify.spikeFactor': setting.integer(
    'How many times the average of the hour before the denials of 5 minutes must reach to be a spike.',
    { min: 1, max: 1000 },
    { fallback: 3 },
  ),
  'notify.spikeMinimum': setting.integer(
    'Denials in 5 minutes below which there is no spike.',
    { min: 1, max: 1_000_000 },
    { fallback: 20 },
  ),

  's3Sink.bucket': setting.optionalText(
    'Bucket of S3 or of a storage with its API, for one object for each batch; without it there is no S3 sink.',
  ),
  's3Sink.prefix': setting.text('Prefix of object keys.', { fallback: 'iris' }),
  's3Sink.region': setting.text('Region of the bucket.', { fallback: 'us-east-1' }),
  's3Sink.endpoint': setting.structure(
    'URL of an S3-compatible storage.',
    z.url({ protocol: /^https?$/ }).optional(),
    'an http:// or https:// URL',
    { fallback: undefined },
  ),
  's3Sink.pathStyle': setting.boolean(
    'Whether the bucket is in the path instead of the host name, as many S3-compatible storages require.',
    { fallback: false },
  ),
  's3Sink.accessKeyId': setting.optionalText(
    'Id of an access key. Without one the credentials of the environment are used: web identity, pod identity, instance.',
  ),
  's3Sink.secretAccessKey': setting.optionalText('Secret of the access key.', { secret: true }),
  's3Sink.timeoutMs': setting.integer('Timeout of a request, in ms.', { min: 100, max: 300_000 }, { fallback: 10_000 }),
} as const;

export type AuditorSettings = SettingsValues<typeof auditorSettings>;
