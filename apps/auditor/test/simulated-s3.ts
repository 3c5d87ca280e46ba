import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

export const ACCESS_KEY = {
  // In two parts, so that it is not taken for a key that somebody left here.
  accessKeyId: ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const MAX_SKEW_MS = 15 * 60_000;

/** What the storage does with the next requests in place of its work. */
export type S3Fault = 'slow-down' | 'internal-error' | 'reset' | 'silence' | 'page' | 'too-large' | 'none';

type Problem = readonly [status: number, code: string];

const FAULTS: Readonly<Partial<Record<S3Fault, Problem>>> = {
  'slow-down': [503, 'SlowDown'],
  'internal-error': [500, 'InternalError'],
  'too-large': [400, 'EntityTooLarge'],
};

export interface SimulatedS3 {
  readonly endpoint: string;
  /** Objects by bucket and key. */
  readonly objects: Map<string, Buffer>;
  fault: S3Fault;
  requests: number;
  close(): Promise<void>;
}

/**
 * `PutObject` of S3 with paths as bucket and key: signature version 4 with its time, the hash of the payload, the CRC-32,
 * unknown buckets and keys are checked as S3 does, and errors have its XML.
 * Source: Amazon S3 API reference, "PutObject", "Authenticating Requests: Using the Authorization Header".
 */
export async function startSimulatedS3(bucket: string): Promise<SimulatedS3> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
    request.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const storage: SimulatedS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: new Map(),
    fault: 'none',
    requests: 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  function answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    storage.requests += 1;
    const { fault } = storage;
    if (fault === 'silence') return;
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (fault === 'page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>');
      return;
    }
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://s3').pathname).slice(1);
    const problem = FAULTS[fault] ?? problemOf(request, body) ?? problemOfPath(request.method, path);
    if (problem !== undefined) {
      refuse(response, ...problem);
      return;
    }
    storage.objects.set(path, body);
    response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
  }

  function problemOfPath(method: string | undefined, path: string): Problem | undefined {
    if (method !== 'PUT' || !path.includes('/')) return [405, 'MethodNotAllowed'];
    return path.startsWith(`${bucket}/`) ? undefined : [404, 'NoSuchBucket'];
  }

  return storage;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
}

function problemOf(request: IncomingMessage, body: Buffer): Problem | undefined {
  const header = (name: string) => String(request.headers[name] ?? '');
  const credential =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      header('authorization'),
    );
  if (credential === null) return [403, 'AccessDenied'];
  const [, keyId, day = '', region = '', signedHeaders = '', signature] = credential;
  if (keyId !== ACCESS_KEY.accessKeyId) return [403, 'InvalidAccessKeyId'];
  const time = header('x-amz-date');
  const at = Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - at) < MAX_SKEW_MS)) return [403, 'RequestTimeTooSkewed'];
  const payload = header('x-amz-content-sha256');
  if (payload !== createHash('sha256').update(body).digest('hex')) return [400, 'XAmzContentSHA256Mismatch'];
  const checksum = request.headers['x-amz-checksum-crc32'];
  if (checksum !== undefined && checksum !== crcOf(body)) return [400, 'BadDigest'];

  const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
  const names = signedHeaders.split(';');
  if (!names.includes('host')) return [403, 'AccessDenied'];
  const query = [...searchParams]
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .sort();
  const canonical = [
    request.method,
    pathname,
    query.join('&'),
    ...names.map((name) => `${name}:${header(name).trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const hmac = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest();
  const signingKey = hmac(hmac(hmac(hmac(`AWS4${ACCESS_KEY.secretAccessKey}`, day), region), 's3'), 'aws4_request');
  return hmac(signingKey, text).toString('hex') === signature ? undefined : [403, 'SignatureDoesNotMatch'];
}

function crcOf(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}
