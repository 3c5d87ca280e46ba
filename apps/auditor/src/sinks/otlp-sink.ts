import { type EvidenceRecord, evidenceRecordSchema } from '@iris/evidence';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordProcessor, type SdkLogRecord } from '@opentelemetry/sdk-logs';
import { BatchPoster, type BatchReply } from './batch-poster.js';
import { type EvidenceBatch, type EvidenceSink, RefusedError } from './evidence-sink.js';

export interface OtlpSinkOptions {
  /** With the path, for example http://127.0.0.1:4318/v1/logs. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * Sends each record as an OTLP log over HTTP: the record as JSON in the body, what one searches by in attributes. The
 * serializer is OpenTelemetry's; the request is not made by its exporter, which returns success for a partial one and
 * does not halve a batch that is too large.
 */
export class OtlpSink implements EvidenceSink {
  readonly name = 'otlp';
  private readonly poster: BatchPoster;
  private readonly made = new MadeRecords();
  private readonly provider: LoggerProvider;

  constructor(options: OtlpSinkOptions) {
    this.provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'iris-auditor' }),
      processors: [this.made],
    });
    this.poster = new BatchPoster({
      url: options.url,
      timeoutMs: options.timeoutMs,
      encode: async (batch) => ({
        headers: { ...options.headers, 'content-type': 'application/x-protobuf' },
        body: ProtobufLogsSerializer.serializeRequest(this.recordsOf(batch)) ?? new Uint8Array(),
      }),
      check: checkReply,
    });
  }

  deliver(batch: EvidenceBatch): Promise<void> {
    return this.poster.deliver(batch);
  }

  close(): Promise<void> {
    return this.poster.close();
  }

  private recordsOf({ lines }: EvidenceBatch): SdkLogRecord[] {
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
    return this.made.take();
  }
}

/**
 * A collector confirms by an `ExportLogsServiceResponse`, empty when it took all (OTLP 1.x, "Partial Success"), in
 * protobuf; some answer in JSON. Any other text, such as the page of a proxy, confirms nothing.
 */
function checkReply({ body, contentType }: BatchReply, { lines }: EvidenceBatch): void {
  let rejected: number;
  try {
    const serializer = contentType === 'application/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
    const { partialSuccess } = body.length === 0 ? {} : serializer.deserializeResponse(body);
    rejected = Number(partialSuccess?.rejectedLogRecords ?? 0);
  } catch {
    throw new Error('the reply of the endpoint is not an OTLP response');
  }
  if (rejected !== 0) throw new RefusedError(`the endpoint rejected ${rejected} of ${lines.length} records`);
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
