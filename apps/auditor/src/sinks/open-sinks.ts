import { ConfigError } from '@iris/config';
import { decisionLogOptions } from '@iris/decision-log';
import type { Logger } from '@iris/telemetry';
import type { AuditorSettings } from '../auditor.settings.js';
import { DecisionLogSink } from './decision-log-sink.js';
import type { EvidenceSink } from './evidence-sink.js';
import { FileSink } from './file-sink.js';
import { HttpSink } from './http-sink.js';
import { OtlpSink } from './otlp-sink.js';
import { S3Sink } from './s3-sink.js';

const DAY_MS = 86_400_000;

/** The sinks that are set. @throws ConfigError when there is none: evidence would be confirmed and be nowhere */
export function openSinks(settings: AuditorSettings, logger: Logger): EvidenceSink[] {
  const sinks: EvidenceSink[] = [];
  const directory = settings['fileSink.directory'];
  if (directory !== undefined) {
    sinks.push(
      new FileSink({
        directory,
        maxBytes: settings['fileSink.maxBytes'],
        maxMs: settings['fileSink.maxSeconds'] * 1000,
        keepFiles: settings['fileSink.keepFiles'],
        keepMs: settings['fileSink.keepDays'] * DAY_MS,
        keepBytes: settings['fileSink.keepBytes'],
      }),
    );
  }
  const url = settings['httpSink.url'];
  if (url !== undefined) {
    sinks.push(
      new HttpSink({
        url,
        secret: settings['httpSink.secret'],
        authorization: settings['httpSink.authorization'],
        headers: settings['httpSink.headers'],
        format: settings['httpSink.format'],
        timeoutMs: settings['httpSink.timeoutMs'],
      }),
    );
  }
  const otlpUrl = settings['otlpSink.url'];
  if (otlpUrl !== undefined) {
    sinks.push(
      new OtlpSink({
        url: otlpUrl,
        headers: settings['otlpSink.headers'],
        timeoutMs: settings['otlpSink.timeoutMs'],
      }),
    );
  }
  const bucket = settings['s3Sink.bucket'];
  if (bucket !== undefined) sinks.push(openS3Sink(bucket, settings));
  const log = decisionLogOptions(settings);
  if (log !== undefined) {
    sinks.push(new DecisionLogSink({ ...log, keepDays: settings['decisionLog.keepDays'], logger }));
  }
  if (sinks.length === 0) {
    throw new ConfigError(
      'configuration: no sink; set fileSink.directory, httpSink.url, otlpSink.url, s3Sink.bucket or decisionLog.url',
    );
  }
  return sinks;
}

function openS3Sink(bucket: string, settings: AuditorSettings): S3Sink {
  const accessKeyId = settings['s3Sink.accessKeyId'];
  const secretAccessKey = settings['s3Sink.secretAccessKey'];
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new ConfigError(
      'configuration: s3Sink.accessKeyId and s3Sink.secretAccessKey are given together or not at all',
    );
  }
  const prefix = settings['s3Sink.prefix'];
  return new S3Sink({
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    region: settings['s3Sink.region'],
    endpoint: settings['s3Sink.endpoint'],
    pathStyle: settings['s3Sink.pathStyle'],
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
    timeoutMs: settings['s3Sink.timeoutMs'],
  });
}
