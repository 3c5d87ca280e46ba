import { type EvidenceRecord, evidenceRecordSchema } from '@iris/evidence';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordProcessor, type SdkLogRecord } from '@opentelemetry/sdk-logs';
import { type EvidenceBatch, type EvidenceSink, RefusedError } from './evidence-sink.js';

export interface OtlpSinkOptions {
  /** With the path, for example http://127.0.0.1:4318/v1/logs. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Statuses that speak about the records themselves. */
const REFUSALS: ReadonlySet<unknown> = new Set([400, 413, 422]);
/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const EXPORTED = 0;

/**
 * Sends each record as an OTLP log: the record as JSON in the body, what one searches by in attributes. The exporter is
 * called directly instead of by the SDK's batching, which never tells whether a record arrived.
 */
export class OtlpSink implements EvidenceSink {
  readonly name = 'otlp';
  private readonly exporter: OTLPLogExporter;
  private readonly made = new MadeRecords();
  private readonly provider: LoggerProvider;

  constructor(options: OtlpSinkOptions) {
    this.exporter = new OTLPLogExporter({
      url: options.url,
      headers: { ...options.headers },
      timeoutMillis: options.timeoutMs,
    });
    this.provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'iris-auditor' }),
      processors: [this.made],
    });
  }

  async deliver({ lines }: EvidenceBatch): Promise<void> {
    const logger = this.provider.getLogger('iris.evidence', 'v1');
    for (const line of lines) {
      const record = evidenceRecordSchema.safeParse(JSON.parse(line)).data;
      logger.emit({
        eventName: 'iris.decision',
        severityNumber: record?.effect === 'DENY' ? SeverityNumber.WARN : SeverityNumber.INFO,
        timestamp: record === undefined ? undefined : new Date(record.time),
        body: line,
        attributes: record === undefined ? {} : attributesOf(record),
      });
    }
    const records = this.made.take();
    await new Promise<void>((resolve, reject) => {
      this.exporter.export(records, ({ code, error }) => {
        if (code === EXPORTED) resolve();
        else reject(faultOf(error));
      });
    });
  }

  async close(): Promise<void> {
    await this.exporter.shutdown();
  }
}

function attributesOf(record: EvidenceRecord) {
  return {
    'iris.evidence.id': record.id,
    'iris.hook.event': record.event,
    'iris.session.id': record.sessionId,
    'iris.request.id': record.requestId,
    'iris.request.key': record.requestKey,
    'iris.trace.id': record.traceId,
    'iris.principal.id': record.principal.id,
    'iris.action': record.action,
    'iris.effect': record.effect,
    'iris.reason': record.reason,
    'iris.mode': record.mode,
    'iris.enforced': record.enforced,
    'iris.reply': record.reply,
    'iris.policy.call_id': record.policy.cerbosCallId,
  };
}

/** Only the status: the message of the exporter may quote the reply. */
function faultOf(error: Error | undefined): Error {
  const status = (error as { code?: unknown } | undefined)?.code;
  if (REFUSALS.has(status)) return new RefusedError(`the collector answered ${status}`);
  return new Error(typeof status === 'number' ? `the collector answered ${status}` : 'the collector cannot be reached');
}

/** Takes the records that the SDK makes. Emitting is synchronous, so what is taken belongs to one batch. */
class MadeRecords implements LogRecordProcessor {
  private records: SdkLogRecord[] = [];

  onEmit(record: SdkLogRecord): void {
    this.records.push(record);
  }

  take(): SdkLogRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
