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

/** Starts a test server that answers with these statuses in turn, and returns the metadata of the calls it has seen. */
async function answering(...codes: status[]): Promise<Metadata[]> {
  const seen: Metadata[] = [];
  const checkResources: handleUnaryCall<Buffer, Buffer> = ({ metadata }, reply) => {
    const code = codes[seen.length] ?? status.OK;
    seen.push(metadata);
    reply(code === status.OK ? null : { code, details: 'as the test wants' }, EMPTY);
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

  it('that is answered with nothing is denied', async () => {
    await answering();
    expect(await check()).toMatchObject([{ effect: 'DENY', policyFound: false }]);
  });
});
