import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CerbosPdp } from './cerbos-pdp.js';

/** A message with nothing set is empty on the wire. */
const EMPTY = Buffer.alloc(0);
const bytes = (message: Buffer) => message;
const SERVICE: ServiceDefinition = {
  checkResources: {
    path: '/cerbos.svc.v1.CerbosService/CheckResources',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};

let server: Server;
let pdp: CerbosPdp;
afterEach(() => {
  pdp.close();
  server.forceShutdown();
});

/** Starts a test server that answers with these in turn, and returns the metadata of the calls it has seen. */
async function answering(...answers: (status | Buffer)[]): Promise<Metadata[]> {
  const seen: Metadata[] = [];
  const checkResources: handleUnaryCall<Buffer, Buffer> = ({ metadata }, reply) => {
    const answer = answers[seen.length] ?? EMPTY;
    seen.push(metadata);
    if (Buffer.isBuffer(answer)) reply(null, answer);
    else reply({ code: answer, details: 'as the test wants' }, EMPTY);
  };
  server = new Server();
  server.addService(SERVICE, { checkResources });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  pdp = new CerbosPdp({ target: `127.0.0.1:${port}`, tls: false });
  return seen;
}

/** One field of a message whose value is a text or a message. Source: Protocol Buffers, encoding. */
function field(number: number, ...parts: (string | Buffer)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value]);
}

/** A CheckResourcesResponse that allows the action on one resource. Source: cerbos/response/v1/response.proto. */
function allowed(kind: string, id: string): Buffer {
  const allow = Buffer.from([2 * 8, 1]);
  return field(2, field(1, field(1, id), field(2, kind)), field(2, field(1, 'drop_table'), allow));
}

function check(attr: Record<string, string> = {}) {
  return pdp.check(
    {
      principal: { id: 'ana', roles: ['user'], attr: {} },
      resources: [{ kind: 'aperture_hook', id: '1', action: 'drop_table', attr }],
      policyVersion: 'default',
      scope: '',
      requestId: 'request\n1',
    },
    { timeoutMs: 20_000 },
  );
}

describe('a check', () => {
  it.each([status.UNAVAILABLE, status.INTERNAL])('is sent once more after status %s', async (code) => {
    const seen = await answering(code);
    expect(await check()).toHaveLength(1);
    expect(seen.map((metadata) => metadata.get('grpc-previous-rpc-attempts'))).toEqual([[], ['1']]);
    expect(seen.map((metadata) => metadata.get('x-request-id'))).toEqual([['request?1'], ['request?1']]);
  });

  it('of more than 1 MiB is sent once more too', async () => {
    const seen = await answering(status.UNAVAILABLE);
    expect(await check({ text: 'x'.repeat(2 * 1024 * 1024) })).toHaveLength(1);
    expect(seen).toHaveLength(2);
  });

  it('is not sent a third time', async () => {
    const seen = await answering(status.UNAVAILABLE, status.UNAVAILABLE);
    await expect(check()).rejects.toMatchObject({ name: 'PdpError', reason: 'pdp_unavailable' });
    expect(seen).toHaveLength(2);
  });

  it.each([
    [status.INVALID_ARGUMENT, 'pdp_rejected'],
    [status.UNAUTHENTICATED, 'pdp_rejected'],
    [status.RESOURCE_EXHAUSTED, 'pdp_unavailable'],
  ])('is not repeated after status %s', async (code, reason) => {
    const seen = await answering(code);
    await expect(check()).rejects.toMatchObject({ reason });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['aperture_hook', '1', 'ALLOW'],
    ['aperture_hook', '2', 'DENY'],
    ['other_kind', '1', 'DENY'],
  ])('that is allowed %s %s ends in %s', async (kind, id, effect) => {
    await answering(allowed(kind, id));
    expect(await check()).toMatchObject([{ effect }]);
  });

  it('that is answered with nothing is denied', async () => {
    await answering();
    expect(await check()).toMatchObject([{ effect: 'DENY', policyFound: false }]);
  });
});
