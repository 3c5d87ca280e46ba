import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { connectRedis, waitForRedis } from '@iris/context-cache';
import { freePort, startRedis } from '@iris/context-cache/testing';
import { FINDINGS } from '@iris/doctor';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthImplementation } from 'grpc-health-check';
import { stringify } from 'yaml';
import { answers, startChild } from '../../apps/sandbox/src/mesh/child.js';
import { startPdp } from '../../apps/sandbox/src/mesh/pdp.js';
import { findingsOf, runIris } from './run-iris.js';

const NOBODY = '127.0.0.1:1';
let folder: string;
let cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-doctor-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function idsOf(...args: string[]): Promise<string[]> {
  return [...new Set((await findingsOf(args)).map(({ id }) => id))];
}

/** Policies that are not those of the pack. */
async function otherPolicies(name: string): Promise<string> {
  const policies = join(folder, name);
  await mkdir(policies);
  const rule = { actions: ['*'], effect: 'EFFECT_ALLOW', roles: ['*'] };
  const policy = {
    apiVersion: 'api.cerbos.dev/v1',
    resourcePolicy: { resource: 'aperture_hook', version: 'default', rules: [rule] },
  };
  await writeFile(join(policies, 'all.yaml'), stringify(policy));
  return policies;
}

/** An HTTP server that answers any request with the same. */
async function answering(status: number, body: string, date?: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.sendDate = date === undefined;
    response.writeHead(status, { 'content-type': 'application/json', ...(date === undefined ? {} : { date }) });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('doctor names each broken part', () => {
  it('Redis: gone, or one that evicts', async () => {
    await expect(idsOf('--no-enrichers', '--redis', `redis://${NOBODY}`)).resolves.toEqual(['redis_unreachable']);
    const server = await startRedis();
    cleanups.push(() => server.stop());
    await expect(idsOf('--no-enrichers', '--redis', server.url)).resolves.toEqual([]);
    const redis = connectRedis(server.url);
    await waitForRedis(redis, 5000);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    redis.disconnect();
    await expect(idsOf('--no-enrichers', '--redis', server.url)).resolves.toEqual(['redis_evicts']);
  });

  it('Redis: full, nearly full, or a replica that refuses writes', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const redis = connectRedis(server.url);
    cleanups.push(() => redis.disconnect());
    await waitForRedis(redis, 5000);
    // Far more than what connections take and give back.
    await redis.setrange('ballast', 64 * 1024 * 1024, 'x');
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    await redis.config('SET', 'maxmemory', String(Math.round(used / 0.94)));
    await expect(idsOf('--no-enrichers', '--redis', server.url)).resolves.toEqual(['redis_nearly_full']);
    await redis.config('SET', 'maxmemory', '1mb');
    await expect(idsOf('--no-enrichers', '--redis', server.url)).resolves.toEqual([
      'redis_out_of_memory',
      'redis_nearly_full',
    ]);
    await redis.config('SET', 'maxmemory', '0');
    await redis.call('REPLICAOF', '127.0.0.1', '1');
    const ids = await idsOf('--no-enrichers', '--redis', server.url);
    expect(['redis_unreachable', 'redis_refuses_writes']).toContain(ids[0]);
  });

  it('marks what it did not check, and gives it no tick', async () => {
    const run = await runIris(['doctor', '--no-enrichers']);
    expect(run.code).toBe(0);
    expect(run.out).toContain('- redis: not checked: no --redis');
    expect(run.out).not.toContain('✓');
    expect(run.out).toMatch(/checks not done\n$/);
  });

  it('the PDP: gone', async () => {
    await expect(idsOf('--no-enrichers', '--pdp', NOBODY)).resolves.toEqual(['pdp_unreachable']);
  });

  it('the PDP: without strict evaluation', async () => {
    const pdp = await startPdp({ root: process.cwd(), set: ['engine.strictEvaluation=false'] });
    cleanups.push(() => pdp.process.stop());
    await expect(idsOf('--no-enrichers', '--pdp', pdp.target, '--pdp-http', pdp.httpUrl)).resolves.toEqual([
      'pdp_not_strict',
    ]);
  });

  it('the PDP: with other policies', async () => {
    const policies = await otherPolicies('other');
    const pdp = await startPdp({ root: process.cwd(), policies });
    cleanups.push(() => pdp.process.stop());
    const findings = await findingsOf(['--no-enrichers', '--pdp', pdp.target]);
    expect(new Set(findings.map(({ id }) => id))).toEqual(new Set(['pdp_golden_failed', 'pdp_not_strict']));
    expect(findings.map(({ detail }) => detail).join('\n')).toContain('no policy for iris_probe');
  });

  it('the PDP: too old', async () => {
    const [grpcPort, httpPort] = [await freePort(), await freePort()];
    const config = join(folder, 'old.yaml');
    await writeFile(
      config,
      stringify({
        server: { grpcListenAddr: `127.0.0.1:${grpcPort}`, httpListenAddr: `127.0.0.1:${httpPort}` },
        storage: { driver: 'disk', disk: { directory: await otherPolicies('old') } },
        telemetry: { disabled: true },
      }),
    );
    // The package for all platforms brings an older binary than the one that is installed for Linux on x64.
    const require = createRequire(join(process.cwd(), 'node_modules/cerbos/index.js'));
    const pdp = await startChild({
      name: 'old pdp',
      command: require.resolve(`@cerbos/cerbos-${process.platform}-${process.arch}`),
      args: ['server', `--config=${config}`],
      ready: () => answers(`http://127.0.0.1:${httpPort}/_cerbos/health`),
    });
    cleanups.push(() => pdp.stop());
    const ids = await idsOf('--no-enrichers', '--pdp', `127.0.0.1:${grpcPort}`);
    expect(ids).toEqual(expect.arrayContaining(['pdp_too_old', 'pdp_not_strict']));
  });

  it('the gateway: gone, or something else', async () => {
    await expect(idsOf('--no-enrichers', '--gateway', `http://${NOBODY}`)).resolves.toEqual(['gateway_unreachable']);
    const other = await answering(200, '{"hello":"world"}');
    await expect(idsOf('--no-enrichers', '--gateway', other)).resolves.toEqual(['gateway_unreachable']);
  });

  it('an enricher: gone, or one that reports that it does not serve', async () => {
    const server = new Server();
    new HealthImplementation({ 'iris.enricher.v1.EnricherService': 'NOT_SERVING' }).addToServer(server as never);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    cleanups.push(() => server.forceShutdown());
    const source = {
      enabled: true,
      subject: 'login',
      freshSeconds: 1,
      staleSeconds: 1,
      notFoundSeconds: 1,
      timeoutMs: 1,
      concurrency: 1,
    };
    const registry = join(folder, 'sources.yaml');
    const sources = {
      okta: { ...source, address: NOBODY },
      workday: { ...source, address: `127.0.0.1:${port}` },
      pagerduty: { ...source, address: NOBODY, enabled: false },
    };
    await writeFile(registry, stringify({ sources }));
    const findings = await findingsOf(['--sources', registry]);
    expect(findings).toMatchObject([
      { id: 'enricher_unreachable', subject: 'okta' },
      { id: 'enricher_not_serving', subject: 'workday' },
    ]);
  });

  it('a clock that is wrong', async () => {
    const body = JSON.stringify({ pdp: { ready: true, revision: '', faults: [] }, cache: { redis: 'ok' } });
    const hour = 3_600_000;
    const late = await answering(200, body, new Date(Date.now() - hour).toUTCString());
    const findings = await findingsOf(['--no-enrichers', '--gateway', late]);
    expect(findings).toMatchObject([{ id: 'clock_skew', subject: 'gateway', detail: expect.stringMatching(/behind/) }]);
    const early = await answering(200, body, new Date(Date.now() + hour).toUTCString());
    const ahead = await findingsOf(['--no-enrichers', '--gateway', early]);
    expect(ahead).toMatchObject([{ id: 'clock_skew', detail: expect.stringMatching(/ahead/) }]);
    await expect(idsOf('--no-enrichers', '--gateway', await answering(200, body))).resolves.toEqual([]);
  });
});

describe('the command line', () => {
  it('helps with each command, and ends with 2 on wrong usage', async () => {
    const commands = [
      ['doctor'],
      ['check'],
      ['replay'],
      ['report'],
      ['context', 'show'],
      ['context', 'refresh'],
      ['context', 'drop'],
      ['catalog', 'explain'],
      ['catalog', 'unmatched'],
      ['evidence', 'show'],
      ['evidence', 'dead-letters', 'list'],
      ['evidence', 'dead-letters', 'redrive'],
    ];
    for (const command of commands) {
      const help = await runIris([...command, '--help']);
      expect(help).toMatchObject({ code: 0, out: expect.stringContaining(`iris ${command.join(' ')}`) });
      expect(help.out).toContain('--json');
      await expect(runIris([...command, '--no-such-option'])).resolves.toMatchObject({ code: 2 });
    }
    await expect(runIris(['nonsense'])).resolves.toMatchObject({ code: 2 });
  });

  it('reports in JSON too what it could not do', async () => {
    const run = await runIris(['context', 'show', 'ana@lumen.example', '--json', '--redis', `redis://${NOBODY}`]);
    expect(run.code).toBe(2);
    expect(run.json()).toEqual({ error: expect.stringContaining('Redis cannot be reached') });
  });

  it('has a fix for every finding', () => {
    for (const fix of Object.values(FINDINGS)) expect(fix).toMatch(/^[A-Z].*\.$/);
  });
});
