import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sampleRecord } from '../../../libs/evidence/test/sample-record.js';
import { RefusedError } from '../src/sinks/evidence-sink.js';
import { type HttpFormatName, HttpSink } from '../src/sinks/http-sink.js';

const RECORDS = [sampleRecord(), sampleRecord({ effect: 'DENY' })];
const BATCH = { id: 'batch-1', lines: RECORDS.map((record) => JSON.stringify(record)) };

interface Intake {
  /** @returns status and reply, as the vendor documents them */
  answer(request: { path: string; headers: IncomingHttpHeaders; body: string }): [number, object | string];
}

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
});

async function sinkTo(intake: Intake, path: string, format: HttpFormatName, headers: Record<string, string> = {}) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
    const [status, reply] = intake.answer({ path: request.url ?? '', headers: request.headers, body });
    response.writeHead(status, { 'content-type': typeof reply === 'string' ? 'text/html' : 'application/json' });
    response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const sink = new HttpSink({ url, format, timeoutMs: 2000, headers, authorization: headers.authorization });
  closers.push(async () => {
    await sink.close();
    server.closeAllConnections();
    server.close();
  });
  return sink;
}

/** Splunk, "Format events for HTTP Event Collector" and "HTTP Event Collector error codes". */
class SplunkHec implements Intake {
  readonly events: Record<string, unknown>[] = [];
  busy = false;

  answer({ path, headers, body }: Parameters<Intake['answer']>[0]): [number, object] {
    if (path !== '/services/collector/event') return [404, { text: 'The requested URL was not found', code: 404 }];
    if (headers.authorization === undefined) return [401, { text: 'Token is required', code: 2 }];
    if (headers.authorization !== 'Splunk 0f1e') return [403, { text: 'Invalid token', code: 4 }];
    if (this.busy) return [503, { text: 'Server is busy', code: 9 }];
    if (body.trim() === '') return [400, { text: 'No data', code: 5 }];
    const known = new Set(['time', 'host', 'source', 'sourcetype', 'index', 'fields', 'event']);
    const events: Record<string, unknown>[] = [];
    for (const text of body.split('\n')) {
      const event = jsonOf(text);
      if (event === undefined || Object.keys(event).some((key) => !known.has(key))) {
        return [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': events.length }];
      }
      if (event.event === undefined) return [400, { text: 'Event field is required', code: 12 }];
      if (event.event === '') return [400, { text: 'Event field cannot be blank', code: 13 }];
      if (event.time !== undefined && typeof event.time !== 'number')
        return [400, { text: 'Error in handling', code: 6 }];
      events.push(event);
    }
    this.events.push(...events);
    return [200, { text: 'Success', code: 0 }];
  }
}

/** Datadog, API reference, "Send logs": at most 1000 entries, 5 MB in all, 1 MB each. */
class DatadogLogs implements Intake {
  readonly logs: Record<string, unknown>[] = [];

  answer({ path, headers, body }: Parameters<Intake['answer']>[0]): [number, object] {
    if (path !== '/api/v2/logs') return [404, { errors: [{ status: '404' }] }];
    if (headers['dd-api-key'] !== 'key') return [403, { errors: [{ status: '403', title: 'Forbidden' }] }];
    if (headers['content-type'] !== 'application/json') return [400, { errors: [{ status: '400' }] }];
    if (Buffer.byteLength(body) > 5_000_000) return [413, { errors: [{ status: '413' }] }];
    const logs = JSON.parse(body) as Record<string, unknown>[];
    const fits = (log: Record<string, unknown>) =>
      typeof log.message === 'string' &&
      Buffer.byteLength(log.message) <= 1_000_000 &&
      Object.values(log).every((value) => typeof value === 'string');
    if (!Array.isArray(logs) || logs.length > 1000 || !logs.every(fits)) return [400, { errors: [{ status: '400' }] }];
    this.logs.push(...logs);
    return [202, {}];
  }
}

/** Elasticsearch, "Bulk index or delete documents": pairs of lines, the last one ended, a result for each. */
class ElasticBulk implements Intake {
  readonly documents = new Map<string, Record<string, unknown>>();
  /** The status of single items in place of what would be. */
  itemStatus: number | undefined;

  answer({ path, headers, body }: Parameters<Intake['answer']>[0]): [number, object] {
    if (!/^\/[a-z0-9-]+\/_bulk$/.test(path)) return [405, { error: 'Incorrect HTTP method for uri', status: 405 }];
    if (headers.authorization !== 'ApiKey a2V5') return [401, { error: { type: 'security_exception' }, status: 401 }];
    if (!['application/x-ndjson', 'application/json'].includes(String(headers['content-type'])))
      return [406, { status: 406 }];
    if (!body.endsWith('\n')) {
      return [
        400,
        {
          error: {
            type: 'illegal_argument_exception',
            reason: 'The bulk request must be terminated by a newline [\\n]',
          },
          status: 400,
        },
      ];
    }
    const lines = body.slice(0, -1).split('\n');
    const items: object[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const action = jsonOf(lines[at] ?? '')?.create as { _id?: string } | undefined;
      const document = jsonOf(lines[at + 1] ?? '');
      if (action === undefined || document === undefined) return [400, { status: 400 }];
      // A data stream takes a document with a time only.
      const isDated = typeof document['@timestamp'] === 'string';
      const id = action._id ?? `auto-${items.length}`;
      const status = this.itemStatus ?? (!isDated ? 400 : this.documents.has(id) ? 409 : 201);
      if (status === 201) this.documents.set(id, document);
      items.push({ create: { _index: 'evidence', _id: id, status } });
    }
    return [200, { took: 1, errors: items.some((item) => JSON.stringify(item).includes('"status":4')), items }];
  }
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const page: Intake = { answer: () => [200, '<html>Sign in</html>'] };

describe("Splunk's event collector", () => {
  it('takes a batch; a full queue, a wrong token and a page are no confirmation', async () => {
    const hec = new SplunkHec();
    const sink = await sinkTo(hec, '/services/collector/event', 'splunk', { authorization: 'Splunk 0f1e' });
    await sink.deliver(BATCH);
    expect(hec.events.map(({ event }) => event)).toEqual(RECORDS);
    expect(hec.events[0]).toMatchObject({ time: 1_793_872_800, sourcetype: 'iris:evidence' });
    hec.busy = true;
    await expect(sink.deliver(BATCH)).rejects.toThrow('503');
    const stranger = await sinkTo(hec, '/services/collector/event', 'splunk', { authorization: 'Splunk no' });
    await expect(stranger.deliver(BATCH)).rejects.toThrow('403');
    await expect((await sinkTo(page, '/', 'splunk')).deliver(BATCH)).rejects.toThrow('not one of Splunk');
    expect(hec.events).toHaveLength(2);
  }, 30_000);
});

describe("Datadog's log intake", () => {
  it('takes a batch; a wrong key and a page are no confirmation', async () => {
    const intake = new DatadogLogs();
    const sink = await sinkTo(intake, '/api/v2/logs', 'datadog', { 'DD-API-KEY': 'key' });
    await sink.deliver(BATCH);
    expect(intake.logs.map(({ message }) => JSON.parse(String(message)))).toEqual(RECORDS);
    expect(intake.logs[1]).toMatchObject({ ddsource: 'iris', ddtags: 'schema:iris.evidence.v1,effect:deny' });
    await expect((await sinkTo(intake, '/api/v2/logs', 'datadog')).deliver(BATCH)).rejects.toThrow('403');
    await expect((await sinkTo(page, '/', 'datadog')).deliver(BATCH)).rejects.toThrow('confirms nothing');
  }, 30_000);
});

describe("Elasticsearch's bulk API", () => {
  const authorization = 'ApiKey a2V5';

  it('takes a batch once, however often it is sent', async () => {
    const bulk = new ElasticBulk();
    const sink = await sinkTo(bulk, '/iris-evidence/_bulk', 'elastic', { authorization });
    await sink.deliver(BATCH);
    await sink.deliver(BATCH);
    expect([...bulk.documents.keys()]).toEqual(RECORDS.map(({ id }) => id));
    expect([...bulk.documents.values()].map(({ iris }) => iris)).toEqual(RECORDS);
  });

  it('reads what became of each record', async () => {
    const bulk = new ElasticBulk();
    const sink = await sinkTo(bulk, '/iris-evidence/_bulk', 'elastic', { authorization });
    bulk.itemStatus = 429;
    await expect(sink.deliver(BATCH)).rejects.toThrow('did not take 2 of 2 records, with 429');
    await expect(sink.deliver(BATCH)).rejects.not.toThrow(RefusedError);
    bulk.itemStatus = 400;
    await expect(sink.deliver(BATCH)).rejects.toThrow(RefusedError);
    await expect((await sinkTo(page, '/', 'elastic')).deliver(BATCH)).rejects.toThrow('not one of the bulk API');
  }, 30_000);
});
