import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { GRPC } from '@cerbos/grpc';
import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningProxy } from './running-proxy.js';

let folder: string;
let running: RunningProxy;

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

/** A key and a certificate of the authority, for these alternative names. */
function certificate(name: string, alternativeNames: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(join(folder, `${name}.cnf`), `subjectAltName=${alternativeNames}`);
  openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.cnf`];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`);
}

const read = (name: string) => readFileSync(join(folder, name));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-mtls-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=authority');
  certificate('server', 'DNS:localhost,IP:127.0.0.1');
  certificate('leave', 'URI:spiffe://acme.example/ns/hr/sa/leave');
  certificate('nobody', 'URI:spiffe://acme.example/ns/hr/sa/nobody');
  running = await RunningProxy.start({
    callers: { callers: { leave: { spiffe: ['spiffe://acme.example/ns/hr/sa/leave'], kinds: ['parcel'] } } },
    sources: ['okta'],
    environment: {
      IRIS_LISTEN_TLS_CA_FILE: join(folder, 'ca.crt'),
      IRIS_LISTEN_TLS_CERT_FILE: join(folder, 'server.crt'),
      IRIS_LISTEN_TLS_KEY_FILE: join(folder, 'server.key'),
    },
  });
});

afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true });
});

const asked = {
  principal: { id: 'service', roles: ['clerk'], attr: {} },
  resources: [{ resource: { kind: 'parcel', id: 'P1', attr: {} }, actions: ['track'] }],
};

function overGrpc(client: string | undefined) {
  const identity = client === undefined ? {} : { cert: read(`${client}.crt`), key: read(`${client}.key`) };
  const target = running.proxy.grpcTarget.replace('127.0.0.1', 'localhost');
  const sdk = new GRPC(target, { tls: createSecureContext({ ca: read('ca.crt'), ...identity }) });
  return sdk
    .checkResources(asked)
    .then(
      ({ results }) => results[0]?.actions.track,
      ({ code }: { code: grpc.status }) => grpc.status[code],
    )
    .finally(() => sdk.close());
}

function overHttp(client: string | undefined) {
  const identity = client === undefined ? {} : { cert: read(`${client}.crt`), key: read(`${client}.key`) };
  const agent = new Agent({ ca: read('ca.crt'), ...identity });
  return new Promise<number | string>((resolve) => {
    const { port } = new URL(running.proxy.httpUrl);
    const sent = request(
      { agent, host: 'localhost', port, path: '/api/check/resources', method: 'POST' },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sent.on('error', () => resolve('refused'));
    sent.end(JSON.stringify(asked));
  }).finally(() => agent.destroy());
}

describe('a caller with a client certificate', () => {
  it('is known by its SPIFFE id, over both protocols', async () => {
    expect(await overGrpc('leave')).toBe('EFFECT_ALLOW');
    expect(await overHttp('leave')).toBe(200);
  });

  it('that is not listed is refused', async () => {
    expect(await overGrpc('nobody')).toBe('UNAUTHENTICATED');
    expect(await overHttp('nobody')).toBe(401);
  });

  it('is required where authorities are set', async () => {
    expect(await overGrpc(undefined)).toBe('UNAVAILABLE');
    expect(await overHttp(undefined)).toBe('refused');
  });

  it('is named in the evidence', async () => {
    const records = await running.records();
    expect(records.length).toBeGreaterThan(0);
    expect(records.every(({ caller }) => caller?.name === 'leave' && caller.by === 'certificate')).toBe(true);
  });
});
