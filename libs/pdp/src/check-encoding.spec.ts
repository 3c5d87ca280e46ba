import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type CheckResourcesRequest, CheckResourcesRequestSchema } from '@cerbos/api/cerbos/request/v1/request_pb';
import { CheckResourcesResponseSchema } from '@cerbos/api/cerbos/response/v1/response_pb';
import { GRPC } from '@cerbos/grpc';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import type { JsonObject } from '@iris/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeCheck } from './check-encoding.js';
import type { CheckRequest } from './pdp.js';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'x'.repeat(200), 'é'.repeat(70)),
);
const attributes = fc
  .dictionary(text, fc.jsonValue({ noUnicodeString: false }), { maxKeys: 8 })
  .filter((value) => !JSON.stringify(value).includes('__proto__') && JSON.stringify(value).isWellFormed())
  .map((value) => value as JsonObject);
const checks: fc.Arbitrary<CheckRequest> = fc.record({
  principal: fc.record({ id: text, roles: fc.array(text, { minLength: 1, maxLength: 4 }), attr: attributes }),
  resources: fc.array(fc.record({ kind: text, id: text, action: text, attr: attributes }), {
    minLength: 1,
    maxLength: 3,
  }),
  policyVersion: text,
  scope: text,
  requestId: text,
  annotations: fc.option(fc.dictionary(text, text, { maxKeys: 3 }), { nil: undefined }),
});

/** What the published client of the PDP sends for the same check. */
async function sentByCerbosClient(request: CheckRequest): Promise<CheckResourcesRequest> {
  const { principal, policyVersion, scope, requestId, annotations, resources } = request;
  await client.checkResources({
    requestId,
    requestContext: { annotations: { ...annotations } },
    includeMetadata: true,
    principal: { ...principal, roles: [...principal.roles] },
    resources: resources.map(({ kind, id, action, attr }) => ({
      resource: { kind, id, attr, policyVersion, scope },
      actions: [action],
    })),
  });
  return decoded(received.splice(0)[0] ?? Buffer.alloc(0));
}

function decoded(bytes: Uint8Array): CheckResourcesRequest {
  const message = fromBinary(CheckResourcesRequestSchema, bytes);
  expect(message.$unknown).toBeUndefined();
  return message;
}

const received: Buffer[] = [];
let server: Server;
let client: GRPC;

beforeAll(async () => {
  const answer = Buffer.from(toBinary(CheckResourcesResponseSchema, create(CheckResourcesResponseSchema)));
  const checkResources: handleUnaryCall<Buffer, Buffer> = ({ request }, reply) => {
    received.push(request);
    reply(null, answer);
  };
  const bytes = (message: Buffer) => message;
  server = new Server();
  server.addService(
    {
      checkResources: {
        path: '/cerbos.svc.v1.CerbosService/CheckResources',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    { checkResources },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new GRPC(`127.0.0.1:${port}`, { tls: false });
});
afterAll(() => {
  client.close();
  server.forceShutdown();
});

describe('an encoded check', () => {
  it('is what the published client sends', async () => {
    await fc.assert(
      fc.asyncProperty(checks, async (check) => {
        expect(decoded(encodeCheck(check, check.resources))).toEqual(await sentByCerbosClient(check));
      }),
      { numRuns: 300 },
    );
  });

  it('is the same with facts whose bytes are kept, beside facts of another person and another hook', async () => {
    await fc.assert(
      fc.asyncProperty(attributes, checks, checks, async (facts, one, other) => {
        const withFacts = ({ principal, ...rest }: CheckRequest, key: string): CheckRequest => ({
          ...rest,
          principal: { ...principal, attr: { ...principal.attr, [key]: facts } },
        });
        const sequence = [withFacts(one, 'okta'), other, withFacts(other, 'workday'), withFacts(one, 'okta')];
        for (const check of sequence) {
          expect(decoded(encodeCheck(check, check.resources))).toEqual(await sentByCerbosClient(check));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('holds only the resources of its part', () => {
    const [resource] = fc.sample(checks, 1)[0]?.resources ?? [];
    const request: CheckRequest = {
      principal: { id: 'ana', roles: ['user'], attr: {} },
      resources: [],
      policyVersion: '',
      scope: '',
      requestId: '1',
    };
    expect(decoded(encodeCheck(request, resource === undefined ? [] : [resource, resource])).resources).toHaveLength(2);
  });

  it.each([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 1n],
    ['a function', () => 1],
  ])('is refused with %s among the attributes', (_title, value) => {
    const attr = { nested: { list: [value] } } as unknown as JsonObject;
    const request: CheckRequest = {
      principal: { id: 'ana', roles: ['user'], attr: {} },
      resources: [{ kind: 'tool', id: '1', action: 'Read', attr }],
      policyVersion: '',
      scope: '',
      requestId: '1',
    };
    expect(() => encodeCheck(request, request.resources)).toThrow(TypeError);
    expect(decoded(encodeCheck(request, []))).toMatchObject({ requestId: '1', resources: [] });
  });
});
