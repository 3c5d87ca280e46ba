import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type EvidenceBatch, type EvidenceSink, RefusedError } from './evidence-sink.js';
import { fieldsOf } from './http-formats/http-format.js';

export interface S3SinkOptions {
  readonly bucket: string;
  /** Before the key of each object; empty or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** URL of an S3-compatible storage. */
  readonly endpoint?: string;
  /** Whether the bucket is in the path and not in the name of the host. */
  readonly pathStyle: boolean;
  /** Without it: what the environment of the process gives, such as a web identity. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Limit of one request, in ms. */
  readonly timeoutMs: number;
}

const compress = promisify(gzip);

/**
 * One object for each batch, `<prefix><yyyy>/<mm>/<dd>/<batch>.jsonl.gz`. The key depends on the batch alone, so a
 * repeat replaces an object by the same one. A bucket with an object lock keeps the first version too.
 */
export class S3Sink implements EvidenceSink {
  readonly name = 's3';
  private readonly client: S3Client;

  constructor(private readonly options: S3SinkOptions) {
    const { region, endpoint, pathStyle, credentials, timeoutMs } = options;
    this.client = new S3Client({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      forcePathStyle: pathStyle,
      ...(credentials === undefined ? {} : { credentials }),
      // The queue tries again, with pauses that grow.
      maxAttempts: 1,
      requestHandler: { requestTimeout: timeoutMs, throwOnRequestTimeout: true, connectionTimeout: timeoutMs },
    });
  }

  async deliver({ id, lines }: EvidenceBatch): Promise<void> {
    const [first] = lines;
    if (first === undefined) return;
    const { bucket, prefix, timeoutMs } = this.options;
    const body = await compress(lines.map((line) => `${line}\n`).join(''));
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: `${prefix}${dayOf(first)}/${id}.jsonl.gz`,
      Body: body,
      ContentType: 'application/x-ndjson',
      ContentEncoding: 'gzip',
    });
    const { ETag } = await this.client
      .send(command, { abortSignal: AbortSignal.timeout(timeoutMs) })
      .catch((error: unknown) => {
        throw faultOf(error);
      });
    if (ETag === undefined) throw new Error('the storage confirmed nothing: its reply has no ETag');
  }

  async close(): Promise<void> {
    this.client.destroy();
  }
}

/** Of the first record, so that it is the same whenever the batch is delivered. */
function dayOf(line: string): string {
  return (fieldsOf(line).time ?? '').slice(0, 10).replaceAll('-', '/');
}

function faultOf(error: unknown): Error {
  if (error instanceof S3ServiceException) {
    const { httpStatusCode } = error.$metadata;
    const text = `the storage answered ${httpStatusCode ?? 'nothing'} ${error.name}`;
    return error.name === 'EntityTooLarge' ? new RefusedError(text) : new Error(text);
  }
  const { name } = error as { name?: string };
  // The client's own words may quote what it sent.
  if (name === 'CredentialsProviderError') return new Error('there are no credentials for the storage');
  if (name === 'TimeoutError' || name === 'AbortError') return new Error('the storage did not answer in time');
  return new Error('the storage cannot be reached');
}
