import { ConfigError } from '@iris/config';
import type { AuditorSettings } from '../auditor.settings.js';
import type { EvidenceSink } from './evidence-sink.js';
import { FileSink } from './file-sink.js';
import { HttpSink } from './http-sink.js';
import { OtlpSink } from './otlp-sink.js';

/** The sinks that are set. @throws ConfigError when there is none: evidence would be confirmed and be nowhere */
export function openSinks(settings: AuditorSettings): EvidenceSink[] {
  const sinks: EvidenceSink[] = [];
  const directory = settings['fileSink.directory'];
  if (directory !== undefined) {
    sinks.push(
      new FileSink({
        directory,
        maxBytes: settings['fileSink.maxBytes'],
        maxMs: settings['fileSink.maxSeconds'] * 1000,
        keepFiles: settings['fileSink.keepFiles'],
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
  if (sinks.length === 0) {
    throw new ConfigError('configuration: no sink; set fileSink.directory, httpSink.url or otlpSink.url');
  }
  return sinks;
}
