import { readFileSync } from 'node:fs';
import { readYamlFile } from '@iris/config';
import { eventually } from '@iris/context-cache/testing';
import type { JsonObject } from '@iris/contracts';
import { CerbosPdp, type PdpCall, PdpError, parseGoldenChecks, runGoldenChecks, toAttributes } from '@iris/pdp';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Pdp, startPdp } from '../../apps/sandbox/src/mesh/pdp.js';

const TIMEOUT_MS = 20_000;
const ROOT = process.cwd();

let server: Pdp;
let pdp: CerbosPdp;

beforeAll(async () => {
  server = await startPdp({ root: ROOT });
  pdp = new CerbosPdp({ target: server.target, tls: false });
});

afterAll(async () => {
  pdp.close();
  await server.process.stop();
});

function check(actions: readonly string[], attr: JsonObject, timeoutMs = TIMEOUT_MS) {
  return checkWith(pdp, actions, attr, timeoutMs);
}

function checkWith(
  asked: CerbosPdp,
  actions: readonly string[],
  attr: JsonObject,
  timeoutMs = TIMEOUT_MS,
  onPart?: PdpCall['onPart'],
) {
  return asked.check(
    {
      principal: { id: 'ana', roles: ['user'], attr: {} },
      resources: actions.map((action, index) => ({ kind: 'iris_probe', id: `call ${index}`, action, attr })),
      policyVersion: 'default',
      scope: '',
      requestId: 'request\nwith a line break',
    },
    { timeoutMs, onPart },
  );
}

describe('a check', () => {
  it('answers every resource in order, also over the limits of one call', async () => {
    const actions = Array.from({ length: 120 }, (_, index) => (index % 3 === 0 ? 'deny' : 'allow'));
    const results = await check(actions, {});
    expect(results.map(({ effect }) => effect)).toEqual(
      actions.map((action) => (action === 'deny' ? 'DENY' : 'ALLOW')),
    );
    expect(new Set(results.map(({ cerbosCallId }) => cerbosCallId)).size).toBe(3);
  });

  it('gives on the answers of each part as they arrive, and each answer once', async () => {
    const actions = Array.from({ length: 420 }, (_, index) => (index % 7 === 0 ? 'deny' : 'allow'));
    const seen: (string | undefined)[] = [];
    let parts = 0;
    const results = await checkWith(pdp, actions, {}, TIMEOUT_MS, (from, part) => {
      parts += 1;
      for (const [index, { effect }] of part.entries()) {
        expect(seen[from + index]).toBeUndefined();
        seen[from + index] = effect;
      }
    });
    expect(parts).toBe(9);
    expect(seen).toEqual(results.map(({ effect }) => effect));
  });

  it('keeps the answers that came before it broke off', async () => {
    const actions = Array.from({ length: 2000 }, () => 'allow');
    let answered = 0;
    const stopped = checkWith(pdp, actions, {}, 1500, (_from, part) => {
      if (answered === 0) server.process.signal('SIGSTOP');
      answered += part.length;
    });
    await expect(stopped).rejects.toMatchObject({ reason: 'pdp_timeout' });
    server.process.signal('SIGCONT');
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(actions.length);
  });

  it('takes any tool argument: none makes the client throw', async () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), anything), async (params) => {
        const [result] = await check(['allow'], toAttributes({ params }));
        expect(result?.effect).toBe('ALLOW');
      }),
      { numRuns: 60 },
    );
  });

  it('distinguishes a missing policy from a denial', async () => {
    const request = {
      principal: { id: 'ana', roles: ['user'], attr: {} },
      resources: [{ kind: 'no_such_kind', id: '1', action: 'x', attr: {} }],
      policyVersion: 'default',
      scope: '',
      requestId: 'r',
    };
    expect((await pdp.check(request, { timeoutMs: TIMEOUT_MS }))[0]).toMatchObject({
      effect: 'DENY',
      policyFound: false,
    });
    expect((await check(['deny'], {}))[0]).toMatchObject({ effect: 'DENY', policyFound: true });
  });

  it('returns why it gave no decision: refused, too late, out of reach', async () => {
    const refused = pdp.check(
      {
        principal: { id: 'ana', roles: [], attr: {} },
        resources: [{ kind: 'iris_probe', id: '1', action: 'allow', attr: {} }],
        policyVersion: 'default',
        scope: '',
        requestId: 'r',
      },
      { timeoutMs: TIMEOUT_MS },
    );
    await expect(refused).rejects.toMatchObject({ name: 'PdpError', reason: 'pdp_rejected' });

    server.process.signal('SIGSTOP');
    try {
      await eventually(async () =>
        expect(readFileSync(`/proc/${server.process.pid}/status`, 'utf8')).toMatch(/^State:\s+T/m),
      );
      await expect(check(['allow'], {}, 100)).rejects.toMatchObject({ reason: 'pdp_timeout' });
    } finally {
      server.process.signal('SIGCONT');
    }

    const nobody = new CerbosPdp({ target: '127.0.0.1:1', tls: false });
    const unreachable = runGoldenChecks(nobody, golden(), 2000);
    expect((await unreachable).reachable).toBe(false);
    nobody.close();
  });
});

function golden() {
  return parseGoldenChecks(readYamlFile('policies/golden.yaml'));
}

describe('the golden checks', () => {
  it('pass with the PDP as it is shipped', async () => {
    expect(await runGoldenChecks(pdp, golden(), TIMEOUT_MS)).toEqual({ reachable: true, strict: true, failures: [] });
  });

  it('notice a PDP without strict evaluation', async () => {
    const lenient = await startPdp({ root: ROOT, set: ['engine.strictEvaluation=false'] });
    const client = new CerbosPdp({ target: lenient.target, tls: false });
    const report = await runGoldenChecks(client, golden(), TIMEOUT_MS);
    client.close();
    await lenient.process.stop();
    expect(report).toMatchObject({ reachable: true, strict: false });
    expect(report.failures).toHaveLength(1);
  });

  it('name the first value of their file that is wrong', () => {
    expect(() => parseGoldenChecks({ checks: [{ name: 'x' }] })).toThrow(/checks\.0\.proves/);
    expect(() => parseGoldenChecks({ checks: [] })).toThrow(/golden checks: checks/);
  });
});

describe('a PDP that comes back', () => {
  it('is used again without a restart', async () => {
    await server.process.kill();
    await expect(check(['allow'], {}, 1000)).rejects.toBeInstanceOf(PdpError);
    server = await startPdp({
      root: ROOT,
      grpcPort: Number(server.target.split(':')[1]),
      httpPort: Number(new URL(server.httpUrl).port),
    });
    await eventually(async () => expect((await check(['allow'], {}))[0]?.effect).toBe('ALLOW'));
  });
});

describe('several PDPs behind one target', () => {
  async function checksOf({ httpUrl }: Pdp): Promise<number> {
    const metrics = await (await fetch(`${httpUrl}/_cerbos/metrics`)).text();
    return Number(/^cerbos_dev_engine_check_latency_milliseconds_count\S* (\d+)/m.exec(metrics)?.[1] ?? 0);
  }

  it('are asked in turn, and one that goes away is left out', async () => {
    const second = await startPdp({ root: ROOT });
    const both = new CerbosPdp({ target: `ipv4:${server.target},${second.target}`, tls: false });
    const ask = () => checkWith(both, ['allow'], {});
    try {
      const before = await checksOf(server);
      await eventually(async () => {
        await ask();
        expect(await checksOf(second)).toBeGreaterThan(0);
        expect(await checksOf(server)).toBeGreaterThan(before);
      });
      await second.process.kill();
      for (let round = 0; round < 20; round += 1) expect((await ask())[0]?.effect).toBe('ALLOW');
    } finally {
      both.close();
      await second.process.stop();
    }
  });
});
