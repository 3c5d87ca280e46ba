import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { sampleRecord } from '../../../libs/evidence/test/sample-record.js';
import { FaultProxy, type ProxyMode } from '../../../test/chaos/matrix/fault-proxy.js';
import { type EvidenceSink, RefusedError } from '../src/sinks/evidence-sink.js';
import { FileSink } from '../src/sinks/file-sink.js';
import { HttpSink } from '../src/sinks/http-sink.js';
import { OtlpSink } from '../src/sinks/otlp-sink.js';
import { type HttpEndpoint, isSigned, startHttpEndpoint } from './http-endpoint.js';

const KEY = 'a-shared-signing-key';
const batchOf = (total: number, id = 'batch-1') => ({
  id,
  lines: Array.from({ length: total }, () => JSON.stringify(sampleRecord())),
});

describe('the file sink', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'iris-file-sink-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('writes batches whole and in order, begins files by size, and keeps so many', async () => {
    const batches = Array.from({ length: 6 }, (_, index) => batchOf(2, `b${index}`));
    const bytes = Buffer.byteLength(batches[0]?.lines.join('\n') ?? '') + 1;
    const sink = new FileSink({ directory, maxBytes: 2 * bytes, maxMs: 60_000, keepFiles: 2 });
    await Promise.all(batches.map((batch) => sink.deliver(batch)));
    await sink.close();
    const files = (await readdir(directory)).sort();
    expect(files).toHaveLength(2);
    const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
    expect(texts.join('')).toBe(
      `${batches
        .slice(2)
        .flatMap(({ lines }) => lines)
        .join('\n')}\n`,
    );
  });

  it('removes files that are too old or too many bytes, and never the one it writes', async () => {
    const batch = batchOf(1);
    const bytes = Buffer.byteLength(batch.lines.join('\n')) + 1;
    const options = { directory, maxBytes: bytes, maxMs: 60_000, keepFiles: 0 };
    const sink = new FileSink(options);
    for (let at = 0; at < 4; at += 1) await sink.deliver(batch);
    await sink.close();
    const [oldest = '', ...rest] = (await readdir(directory)).sort();
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(join(directory, oldest), yesterday, yesterday);
    await new FileSink({ ...options, keepMs: 3_600_000 }).close();
    expect((await readdir(directory)).sort()).toEqual(rest);
    const small = new FileSink({ ...options, keepBytes: 2 * bytes });
    await small.deliver(batch);
    await small.close();
    expect(await readdir(directory)).toHaveLength(2);
    const least = new FileSink({ ...options, keepBytes: 1 });
    await least.deliver(batch);
    await least.close();
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('begins a file when the one it writes was replaced', async () => {
    const sink = new FileSink({ directory, maxBytes: 1e6, maxMs: 60_000, keepFiles: 0 });
    await sink.deliver(batchOf(1));
    const [first = ''] = await readdir(directory);
    await rm(join(directory, first));
    await sink.deliver(batchOf(1));
    await sink.close();
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('fails while the folder cannot be written, and continues afterwards', async () => {
    const sink = new FileSink({ directory: join(directory, 'x'), maxBytes: 1e6, maxMs: 60_000, keepFiles: 0 });
    await rm(directory, { recursive: true });
    await mkdir(directory);
    await writeFile(join(directory, 'x'), 'a file where the folder should be');
    await expect(sink.deliver(batchOf(1))).rejects.toThrow();
    await rm(join(directory, 'x'));
    await sink.deliver(batchOf(1));
    await sink.close();
    expect(await readdir(join(directory, 'x'))).toHaveLength(1);
  });
});

describe('the HTTP sink', () => {
  let endpoint: HttpEndpoint;
  let sink: HttpSink;
  beforeEach(async () => {
    endpoint = await startHttpEndpoint();
    sink = new HttpSink({ url: endpoint.url, secret: KEY, authorization: 'Splunk abc', timeoutMs: 2000 });
  });
  afterEach(async () => {
    await sink.close();
    await endpoint.close();
  });

  it('posts gzipped lines that are signed and carry the id of the batch', async () => {
    const batch = batchOf(3);
    await sink.deliver(batch);
    const [request] = endpoint.taken;
    expect(request?.lines).toEqual(batch.lines);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'x-iris-batch': 'batch-1',
      authorization: 'Splunk abc',
    });
    expect(request !== undefined && isSigned(request, KEY)).toBe(true);
    expect(request !== undefined && isSigned(request, 'another key')).toBe(false);
  });

  it('tries again after a fault that may pass', async () => {
    let calls = 0;
    endpoint.answer = () => {
      calls += 1;
      return calls < 3 ? 503 : 200;
    };
    await sink.deliver(batchOf(1));
    expect(calls).toBe(3);
  });

  it('gives up for now when the fault stays, without saying what the endpoint said', async () => {
    endpoint.answer = () => 500;
    const failed = sink.deliver(batchOf(1));
    await expect(failed).rejects.toThrow('the endpoint answered 500');
    await expect(failed).rejects.not.toBeInstanceOf(RefusedError);
    endpoint.answer = () => 401;
    await expect(sink.deliver(batchOf(1))).rejects.not.toBeInstanceOf(RefusedError);
  });

  it('reports a refusal at once', async () => {
    endpoint.answer = () => 422;
    await expect(sink.deliver(batchOf(1))).rejects.toBeInstanceOf(RefusedError);
    expect(endpoint.received).toHaveLength(1);
  });

  it('halves a batch that is too large, and refuses a record that is', async () => {
    endpoint.answer = ({ lines }) => (lines.length > 2 ? 413 : 200);
    const batch = batchOf(5);
    await sink.deliver(batch);
    expect(endpoint.taken.flatMap(({ lines }) => lines)).toEqual(batch.lines);
    endpoint.answer = () => 413;
    await expect(sink.deliver(batch)).rejects.toBeInstanceOf(RefusedError);
  });
});

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Logs { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { repeated ScopeLogs scope_logs = 2; }
  message ScopeLogs { repeated LogRecord log_records = 2; }
  message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; Value body = 5; repeated KeyValue attributes = 6; string event_name = 12; }
  message KeyValue { string key = 1; Value value = 2; }
  message Value { oneof value { string string_value = 1; bool bool_value = 2; } }
`);

describe('the OTLP sink', () => {
  let endpoint: HttpEndpoint;
  let sink: OtlpSink;
  beforeEach(async () => {
    endpoint = await startHttpEndpoint();
    sink = new OtlpSink({ url: endpoint.url, headers: { 'x-tenant': 'acme' }, timeoutMs: 3000 });
  });
  afterEach(async () => {
    await sink.close();
    await endpoint.close();
  });

  it('sends each record as a log of its own', async () => {
    const denied = sampleRecord({ effect: 'DENY' });
    const lines = [JSON.stringify(sampleRecord()), JSON.stringify(denied)];
    await sink.deliver({ id: 'b', lines });
    const [request] = endpoint.taken;
    expect(request?.headers['x-tenant']).toBe('acme');
    const message = root.lookupType('Logs').decode(request?.body ?? Buffer.alloc(0));
    const logs = JSON.parse(JSON.stringify(message)).resourceLogs[0].scopeLogs[0].logRecords;
    expect(logs.map(({ body }: { body: { stringValue: string } }) => body.stringValue)).toEqual(lines);
    expect(logs[1]).toMatchObject({ severityNumber: 13, eventName: 'iris.decision' });
    expect(logs[1].attributes).toContainEqual({ key: 'iris.evidence.id', value: { stringValue: denied.id } });
    expect(Number(logs[1].timeUnixNano) / 1e6).toBe(Date.parse(denied.time));
  });

  it('distinguishes a refusal from what may pass', async () => {
    endpoint.answer = () => 400;
    await expect(sink.deliver(batchOf(1))).rejects.toBeInstanceOf(RefusedError);
    endpoint.answer = () => 401;
    const failed = sink.deliver(batchOf(1));
    await expect(failed).rejects.toThrow('the endpoint answered 401');
    await expect(failed).rejects.not.toBeInstanceOf(RefusedError);
  });

  it('halves a batch that is too large, and delivers what is not when a record is', async () => {
    const lines = Array.from({ length: 5 }, (_, index) => JSON.stringify(sampleRecord({ sessionId: `s${index}` })));
    endpoint.answer = ({ body }) => (body.includes('"s3"') || body.length > 6000 ? 413 : 200);
    const failed = sink.deliver({ id: 'b', lines });
    await expect(failed).rejects.toBeInstanceOf(RefusedError);
    await expect(failed).rejects.toThrow('a single record is too large');
    const taken = endpoint.taken.map(({ body }) => body.toString('latin1')).join('');
    expect(['s0', 's1', 's2', 's3', 's4'].filter((id) => taken.includes(`"${id}"`))).toEqual(['s0', 's1', 's2', 's4']);
  });

  it.each([
    ['a page of a proxy', 'text/html', '<html>Sign in</html>', 'not an OTLP response'],
    [
      'three rejected records, in JSON',
      'application/json',
      '{"partialSuccess":{"rejectedLogRecords":"3"}}',
      'rejected 3',
    ],
    ['two rejected records', 'application/x-protobuf', '\x0a\x02\x08\x02', 'rejected 2 of 4'],
  ])('does not take %s for a confirmation', async (_title, contentType, body, message) => {
    endpoint.reply = { contentType, body: Buffer.from(body, 'latin1') };
    await expect(sink.deliver(batchOf(4))).rejects.toThrow(message);
  });

  it.each([
    ['application/x-protobuf', ''],
    ['application/json', '{}'],
    ['application/json', '{"partialSuccess":{"errorMessage":"slow down"}}'],
  ])('takes %s %s for one', async (contentType, body) => {
    endpoint.reply = { contentType, body: Buffer.from(body) };
    await sink.deliver(batchOf(2));
  });
});

/** More than the buffers of two sockets hold, so that the answer comes while the body is being written. */
const LARGE = JSON.stringify({ ...sampleRecord(), note: randomBytes(4_000_000).toString('base64') });

describe.each<[string, (url: string) => EvidenceSink]>([
  ['HTTP', (url) => new HttpSink({ url, timeoutMs: 3000 })],
  ['OTLP', (url) => new OtlpSink({ url, headers: {}, timeoutMs: 3000 })],
])('the %s sink at an endpoint', (_name, open) => {
  const modes: readonly ProxyMode[] = [
    { kind: 'early', status: 413 },
    { kind: 'early', status: 503 },
    { kind: 'early', status: 400 },
    { kind: 'reset' },
    { kind: 'garbage' },
    { kind: 'silent' },
    { kind: 'refuse' },
  ];
  it.each(modes)('that does %j rejects, and delivers once that is over', async (mode) => {
    const endpoint = await startHttpEndpoint();
    const proxy = await FaultProxy.start({ target: () => Number(new URL(endpoint.url).port) });
    const sink = open(`http://127.0.0.1:${proxy.port}/in`);
    await proxy.set(mode);
    await expect(sink.deliver({ id: 'b', lines: [LARGE, LARGE] })).rejects.toThrow(/endpoint|record/);
    await proxy.set({ kind: 'pass' });
    await sink.deliver(batchOf(2));
    // What was in flight when the endpoint recovered may come as well: delivery is at least once.
    expect(endpoint.taken.length).toBeGreaterThanOrEqual(1);
    await sink.close();
    await proxy.close();
    await endpoint.close();
  });
});
