import { readFileSync } from 'node:fs';
import { type DescMessage, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { CerbosService } from '@cerbos/api/cerbos/svc/v1/svc_pb';
import { GRPC } from '@cerbos/grpc';
import { HTTP } from '@cerbos/http';
import * as grpc from '@grpc/grpc-js';
import type { JsonObject } from '@iris/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'safe-stable-stringify';
import { parse } from 'yaml';
import { post, RunningProxy } from './running-proxy.js';

const METHODS = {
  checkResources: '/api/check/resources',
  checkResourceBatch: '/api/check_resource_batch',
  checkResourceSet: '/api/check',
  planResources: '/api/plan/resources',
} as const;

type Case = readonly [method: keyof typeof METHODS, name: string, input: JsonObject, isError: boolean];

const file = parse(readFileSync('test/pdp-proxy/cerbos-cases.yaml', 'utf8'), { maxAliasCount: -1 });
const CASES: readonly Case[] = Object.keys(METHODS).flatMap((method) =>
  Object.entries<JsonObject>(file[method]).map(([name, { error, ...input }]): Case => {
    return [method as keyof typeof METHODS, name, input as JsonObject, error === true];
  }),
);

let running: RunningProxy;
const raw: grpc.Client[] = [];

beforeAll(async () => {
  running = await RunningProxy.start({ mapping: { kinds: { '*': { enrich: false } } } });
  raw.push(
    ...[running.pdp.target, running.proxy.grpcTarget].map(
      (target) => new grpc.Client(target, grpc.credentials.createInsecure()),
    ),
  );
});

afterAll(async () => {
  for (const client of raw) client.close();
  await running.stop();
});

/** Ids of calls differ, and the PDP lists some things in no order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'cerbosCallId')
      .map(([key, member]) => [
        key,
        key === 'effectiveDerivedRoles' || key === 'outputs' || key === 'validationErrors'
          ? (member as unknown[]).map((each) => stringify(comparable(each))).sort()
          : comparable(member),
      ]),
  );
}

function overGrpc(
  client: grpc.Client,
  method: { name: string; input: DescMessage; output: DescMessage },
  input: JsonObject,
) {
  const bytes = Buffer.from(toBinary(method.input, fromJson(method.input, input)));
  const same = (message: Buffer) => message;
  return new Promise<unknown>((resolve) => {
    client.makeUnaryRequest(
      `/cerbos.svc.v1.CerbosService/${method.name}`,
      same,
      same,
      bytes,
      (error: grpc.ServiceError | null, answer?: Buffer) => {
        if (error === null)
          return resolve(comparable(toJson(method.output, fromBinary(method.output, answer as Buffer))));
        const details = error.metadata.get('grpc-status-details-bin').map(String);
        resolve({ code: error.code, details: error.details, binary: details });
      },
    );
  });
}

describe('a question of a kind that gets no facts', () => {
  it('is covered by as many cases as the API has', () => {
    expect(CASES.filter(([method]) => method !== 'planResources').length).toBeGreaterThanOrEqual(39);
    expect(CASES.filter(([method]) => method === 'planResources').length).toBeGreaterThanOrEqual(14);
  });

  it.each(CASES)('is answered as the PDP answers it: %s, %s', async (method, _name, input, isError) => {
    const [direct, proxied] = await Promise.all(
      [running.pdp.httpUrl, running.proxy.httpUrl].map((url) => post(`${url}${METHODS[method]}`, input)),
    );
    expect(proxied?.status).toBe(direct?.status);
    expect(proxied?.type).toBe(direct?.type);
    expect(comparable(proxied?.body)).toEqual(comparable(direct?.body));
    expect(direct?.status).toBe(isError ? 400 : 200);

    const [first, second] = await Promise.all(
      raw.map((client) => overGrpc(client, CerbosService.method[method], input)),
    );
    expect(second).toEqual(first);
  });

  it.each([
    ['an unknown field', '{"surprise":1}'],
    ['a body that is no JSON', '{"principal":'],
    ['a wrong type', '{"principal":7}'],
    ['an empty body', ''],
    ['a duplicate field', '{"requestId":"a","requestId":"b"}'],
  ])('with %s is refused as the PDP refuses it', async (_name, body) => {
    const [direct, proxied] = await Promise.all(
      [running.pdp.httpUrl, running.proxy.httpUrl].map((url) => post(`${url}/api/check/resources`, body)),
    );
    expect(proxied).toMatchObject({ status: direct?.status, type: direct?.type, body: direct?.body });
    expect(direct?.status).toBe(400);
  });

  it('arrives in chunks as well as whole', async () => {
    const text = JSON.stringify(file.checkResources['mixed batch']);
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < text.length; at += 50)
          controller.enqueue(new TextEncoder().encode(text.slice(at, at + 50)));
        controller.close();
      },
    });
    const ask = (url: string, body: string | ReadableStream) =>
      fetch(`${url}/api/check/resources`, { method: 'POST', body, duplex: 'half' } as RequestInit).then((response) =>
        response.json(),
      );
    const [direct, proxied] = [await ask(running.pdp.httpUrl, text), await ask(running.proxy.httpUrl, chunks)];
    expect(comparable(proxied)).toEqual(comparable(direct));
  });

  it.each([
    ['GET', '/api/check/resources'],
    ['PUT', '/api/plan/resources'],
    ['GET', '/api/none'],
    ['GET', '/api/server_info'],
    ['GET', '/_cerbos/health'],
  ])('gets the status and the type of the PDP: %s %s', async (method, path) => {
    const [direct, proxied] = await Promise.all(
      [running.pdp.httpUrl, running.proxy.httpUrl].map((url) => fetch(`${url}${path}`, { method })),
    );
    expect([proxied?.status, proxied?.headers.get('content-type')]).toEqual([
      direct?.status,
      direct?.headers.get('content-type'),
    ]);
    expect(await proxied?.json()).toMatchObject((await direct?.json()) as object);
  });
});

describe("Cerbos' own clients", () => {
  const principal = { id: 'cleo', roles: ['clerk'], attr: { site: 'north' } };
  const resource = { kind: 'parcel', id: 'P1', attr: { site: 'north', sender: 'cleo' } };

  it.each(['gRPC', 'HTTP'])('work unchanged over %s', async (transport) => {
    const [direct, proxied] =
      transport === 'gRPC'
        ? [new GRPC(running.pdp.target, { tls: false }), new GRPC(running.proxy.grpcTarget, { tls: false })]
        : [new HTTP(running.pdp.httpUrl), new HTTP(running.proxy.httpUrl)];
    const answers = await Promise.all(
      [direct, proxied].map(async (client) => ({
        info: await client.serverInfo(),
        healthy: await client.checkHealth(),
        one: await client.isAllowed({ principal, resource, action: 'view:label' }),
        batch: comparable(
          await client.checkResources({
            requestId: 'a batch',
            principal,
            resources: [
              { resource, actions: ['create', 'release'] },
              { resource: { ...resource, id: 'P2' }, actions: ['track'] },
            ],
          }),
        ),
        plan: comparable(
          await client.planResources({
            requestId: 'a plan',
            principal,
            resource: { kind: 'parcel' },
            action: 'create',
          }),
        ),
        refused: await client
          .checkResources({ principal: { ...principal, roles: [] }, resources: [{ resource, actions: ['track'] }] })
          .catch((error: { code: number; details: string }) => ({ code: error.code, details: error.details })),
      })),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.one).toBe(true);
  });
});
