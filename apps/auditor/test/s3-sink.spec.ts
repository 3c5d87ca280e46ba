import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sampleRecord } from '../../../libs/evidence/test/sample-record.js';
import { RefusedError } from '../src/sinks/evidence-sink.js';
import { S3Sink } from '../src/sinks/s3-sink.js';
import { ACCESS_KEY, type S3Fault, type SimulatedS3, startSimulatedS3 } from './simulated-s3.js';

const BATCH = { id: 'segment-1-0-99', lines: [sampleRecord(), sampleRecord()].map((record) => JSON.stringify(record)) };

let storage: SimulatedS3;
let sinks: S3Sink[] = [];
beforeEach(async () => {
  storage = await startSimulatedS3('evidence');
});
afterEach(async () => {
  for (const sink of sinks) await sink.close();
  sinks = [];
  await storage.close();
});

function sinkWith(changes: Partial<ConstructorParameters<typeof S3Sink>[0]> = {}): S3Sink {
  const sink = new S3Sink({
    bucket: 'evidence',
    prefix: 'iris/',
    region: 'eu-central-1',
    endpoint: storage.endpoint,
    pathStyle: true,
    credentials: ACCESS_KEY,
    timeoutMs: 500,
    ...changes,
  });
  sinks.push(sink);
  return sink;
}

describe('the S3 sink', () => {
  it('puts one object for a batch, and the same one for the same batch', async () => {
    const sink = sinkWith();
    await sink.deliver(BATCH);
    await sink.deliver(BATCH);
    expect([...storage.objects.keys()]).toEqual(['evidence/iris/2026/11/05/segment-1-0-99.jsonl.gz']);
    const [object = Buffer.alloc(0)] = storage.objects.values();
    expect(gunzipSync(object).toString()).toBe(`${BATCH.lines.join('\n')}\n`);
  });

  it.each<[S3Fault, string]>([
    ['slow-down', 'the storage answered 503 SlowDown'],
    ['internal-error', 'the storage answered 500 InternalError'],
    ['reset', 'the storage cannot be reached'],
    ['silence', 'the storage did not answer in time'],
    ['page', 'the storage confirmed nothing: its reply has no ETag'],
  ])(
    'does not take %s for a confirmation, and delivers afterwards',
    async (fault, message) => {
      const sink = sinkWith();
      storage.fault = fault;
      await expect(sink.deliver(BATCH)).rejects.toThrow(message);
      await expect(sink.deliver(BATCH)).rejects.not.toThrow(RefusedError);
      expect(storage.objects.size).toBe(0);
      storage.fault = 'none';
      await sink.deliver(BATCH);
      expect(storage.objects.size).toBe(1);
    },
    30_000,
  );

  it('reports the error of the storage, by name and without credentials', async () => {
    const wrongKey = { accessKeyId: ACCESS_KEY.accessKeyId, secretAccessKey: 'another' };
    await expect(sinkWith({ credentials: wrongKey }).deliver(BATCH)).rejects.toThrow('403 SignatureDoesNotMatch');
    await expect(sinkWith({ bucket: 'other' }).deliver(BATCH)).rejects.toThrow('404 NoSuchBucket');
    storage.fault = 'too-large';
    await expect(sinkWith().deliver(BATCH)).rejects.toThrow(RefusedError);
    expect(storage.objects.size).toBe(0);
  });
});
