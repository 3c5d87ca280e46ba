import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { eventually } from '@iris/context-cache/testing';
import {
  EnricherServiceService,
  type EnrichRequest,
  type EnrichResponse,
  type SourceAnswer,
  toEnrichResponse,
} from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EnricherClient } from './enricher-client.js';

interface SeenCall {
  readonly request: EnrichRequest;
  readonly call: ServerUnaryCall<EnrichRequest, EnrichResponse>;
  readonly reply: sendUnaryData<EnrichResponse>;
}

const ANA = { subject: { principal: 'ana@acme.example', loginName: 'ana@acme.example' } };
const FOUND: SourceAnswer = {
  status: 'FOUND',
  attributes: { department: 'Finance' },
  observedAt: 1000,
  freshUntil: 2000,
  staleUntil: 3000,
  revision: undefined,
  reason: undefined,
};
/** Longer than any of this takes. */
const LONG_MS = 60_000;
const never = new AbortController().signal;

let server: Server;
let client: EnricherClient;
let seen: SeenCall[];

beforeEach(async () => {
  seen = [];
  server = new Server();
  server.addService(EnricherServiceService, {
    enrich: (call: SeenCall['call'], reply: SeenCall['reply']) => seen.push({ request: call.request, call, reply }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new EnricherClient(`127.0.0.1:${port}`);
});
afterEach(() => {
  client.close();
  server.forceShutdown();
});

/** Waits until so many calls have reached the server. */
async function arrived(count = 1): Promise<void> {
  await eventually(async () => expect(seen).toHaveLength(count));
}

describe('EnricherClient', () => {
  it('asks about a subject and a resource, and returns the answer', async () => {
    const answer = client.enrich('key', { ...ANA, resource: { kind: 'service', id: 'crm' } }, LONG_MS, never);
    await arrived();
    expect(seen[0]?.request).toMatchObject({
      subject: { principal: 'ana@acme.example', nodeId: '' },
      resource: { kind: 'service', id: 'crm' },
    });
    seen[0]?.reply(null, toEnrichResponse(FOUND));
    expect(await answer).toEqual(FOUND);
  });

  it('makes one call of equal questions, and one for each other', async () => {
    const answers = [
      client.enrich('ana', ANA, LONG_MS, never),
      client.enrich('ana', ANA, LONG_MS, new AbortController().signal),
      client.enrich('ben', { subject: { principal: 'ben@acme.example' } }, LONG_MS, never),
    ];
    await arrived(2);
    for (const { reply } of seen) reply(null, toEnrichResponse(FOUND));
    expect(await Promise.all(answers)).toEqual([FOUND, FOUND, FOUND]);
    expect(seen).toHaveLength(2);
  });

  it('cancels the call when all hooks that wait for it are gone, and not before', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const answers = [client.enrich('ana', ANA, LONG_MS, one.signal), client.enrich('ana', ANA, LONG_MS, other.signal)];
    await arrived();
    one.abort();
    expect(await answers[0]).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_cancelled' });
    expect(seen[0]?.call.cancelled).toBe(false);
    other.abort();
    expect(await answers[1]).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_cancelled' });
    await eventually(async () => expect(seen[0]?.call.cancelled).toBe(true));
  });

  it('makes a call of its own for a hook that comes after a cancelled one', async () => {
    const gone = new AbortController();
    const left = client.enrich('ana', ANA, LONG_MS, gone.signal);
    await arrived();
    gone.abort();
    const answer = client.enrich('ana', ANA, LONG_MS, never);
    await arrived(2);
    seen[1]?.reply(null, toEnrichResponse(FOUND));
    expect(await answer).toEqual(FOUND);
    expect((await left).reason).toBe('source_cancelled');
  });

  it('gives up at its deadline, without cancelling the call for those who may wait longer', async () => {
    const longer = client.enrich('ana', ANA, LONG_MS, never);
    await arrived();
    expect(await client.enrich('ana', ANA, 1, never)).toMatchObject({ reason: 'source_timeout' });
    expect(seen[0]?.call.cancelled).toBe(false);
    seen[0]?.reply(null, toEnrichResponse(FOUND));
    expect(await longer).toEqual(FOUND);
  });

  it('does not ask when no time is left, or when the hook is gone', async () => {
    expect(await client.enrich('ana', ANA, 0, never)).toMatchObject({ reason: 'source_timeout' });
    expect(await client.enrich('ana', ANA, LONG_MS, AbortSignal.abort())).toMatchObject({ reason: 'source_cancelled' });
    expect(seen).toHaveLength(0);
  });

  it.each([
    [status.DEADLINE_EXCEEDED, 'source_timeout'],
    [status.CANCELLED, 'source_cancelled'],
    [status.INTERNAL, 'source_unavailable'],
    [status.UNIMPLEMENTED, 'source_unavailable'],
  ])('is unavailable after status %s: %s', async (code, reason) => {
    const answer = client.enrich('ana', ANA, LONG_MS, never);
    await arrived();
    seen[0]?.reply({ code, details: 'as the test wants' } as ServiceError, null);
    expect(await answer).toMatchObject({ status: 'UNAVAILABLE', attributes: {}, reason });
  });

  it('is unavailable when nothing listens at its address', async () => {
    server.forceShutdown();
    expect(await client.enrich('ana', ANA, LONG_MS, never)).toMatchObject({ reason: 'source_unavailable' });
  });
});
