import type { JsonObject } from '@iris/contracts';
import { type CheckRequest, type CheckResult, type Pdp, PdpError, parseGoldenChecks } from '@iris/pdp';
import { createLogger } from '@iris/telemetry';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PdpWatch } from './pdp-watch.js';

const CHECKS = parseGoldenChecks({
  checks: [
    {
      name: 'a probe is allowed',
      proves: 'pdp',
      principal: { id: 'golden', roles: ['user'] },
      resource: { kind: 'iris_probe' },
      action: 'allow',
      expect: 'ALLOW',
    },
    {
      name: 'an unknown fact denies',
      proves: 'strict_evaluation',
      principal: { id: 'golden', roles: ['user'] },
      resource: { kind: 'iris_probe' },
      action: 'unknown fact',
      expect: 'DENY',
    },
  ],
});

/** A PDP that answers as the test sets. */
class FakePdp implements Pdp {
  reachable = true;
  strict = true;
  allows = true;
  revision: JsonObject | undefined = { revision: 'r1' };
  rounds = 0;

  async check({ resources }: CheckRequest): Promise<CheckResult[]> {
    if (!this.reachable) throw new PdpError('pdp_unavailable', 'the PDP could not be reached or failed');
    return resources.map(({ action }) => {
      if (action === 'allow') this.rounds += 1;
      const isAllowed = action === 'allow' ? this.allows : !this.strict;
      return {
        effect: isAllowed ? 'ALLOW' : 'DENY',
        policyFound: true,
        derivedRoles: [],
        outputs: action === 'revision' ? [{ source: 'resource.iris_probe#revision', value: this.revision }] : [],
        schemaErrors: [],
        cerbosCallId: '',
      };
    });
  }

  async plan(): Promise<never> {
    throw new Error('the watch makes no plans');
  }

  async version(): Promise<string> {
    if (!this.reachable) throw new PdpError('pdp_unavailable', 'the PDP could not be reached or failed');
    return '0.55.0';
  }

  close(): void {}
}

let pdp: FakePdp;
let lines: { level: string; msg: string; reason?: string }[];
let watches: PdpWatch[];
beforeEach(() => {
  jest.useFakeTimers();
  pdp = new FakePdp();
  lines = [];
  watches = [];
});
afterEach(() => {
  for (const watch of watches) watch.onApplicationShutdown();
  jest.useRealTimers();
});

async function started(requireStrict = true): Promise<PdpWatch> {
  const logger = createLogger('test', 'info', { write: (line) => lines.push(JSON.parse(line)) });
  const watch = new PdpWatch(pdp, { checks: CHECKS, requireStrict, policyVersion: 'default' }, logger);
  watches.push(watch);
  await watch.start();
  return watch;
}

describe('PdpWatch', () => {
  it('is not ready before it has asked', () => {
    const watch = new PdpWatch(
      pdp,
      { checks: CHECKS, requireStrict: true, policyVersion: 'default' },
      createLogger('test', 'silent'),
    );
    expect(watch).toMatchObject({ ready: false, wasReady: false, faults: ['the PDP was not asked yet'] });
  });

  it('is ready when the golden checks are answered as expected, with revision and version', async () => {
    const watch = await started();
    expect(watch).toMatchObject({ ready: true, wasReady: true, faults: [], revision: 'r1', version: '0.55.0' });
  });

  it('is not ready when a check is answered otherwise, and reports which', async () => {
    pdp.allows = false;
    const watch = await started();
    expect(watch).toMatchObject({ ready: false, wasReady: false });
    expect(watch.faults).toEqual([expect.stringContaining('a probe is allowed')]);
  });

  it('is not ready without strict evaluation, unless that is not required', async () => {
    pdp.strict = false;
    expect((await started()).ready).toBe(false);
    expect((await started(false)).ready).toBe(true);
    pdp.allows = false;
    expect((await started(false)).faults).toEqual([expect.stringContaining('a probe is allowed')]);
    expect(lines.filter(({ reason }) => reason === 'pdp_not_strict').map(({ level }) => level)).toEqual([
      'error',
      'error',
      'error',
    ]);
  });

  it('asks a PDP that is not ready each half second, and a ready one each 10 s', async () => {
    pdp.allows = false;
    const watch = await started();
    await jest.advanceTimersByTimeAsync(499);
    expect(pdp.rounds).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(pdp.rounds).toBe(2);
    pdp.allows = true;
    await jest.advanceTimersByTimeAsync(500);
    expect(watch.ready).toBe(true);
    await jest.advanceTimersByTimeAsync(9_999);
    expect(pdp.rounds).toBe(3);
    await jest.advanceTimersByTimeAsync(1);
    expect(pdp.rounds).toBe(4);
  });

  it('is unready once the PDP is unavailable, keeps what it stated, and is ready again after its return', async () => {
    const watch = await started();
    pdp.reachable = false;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(watch).toMatchObject({ ready: false, wasReady: true, revision: 'r1', version: '0.55.0' });
    pdp.reachable = true;
    pdp.revision = { revision: 'r2' };
    await jest.advanceTimersByTimeAsync(500);
    expect(watch).toMatchObject({ ready: true, revision: 'r2' });
  });

  it.each<JsonObject | undefined>([undefined, { revision: 7 }, {}])(
    'has no revision when the policies state %j',
    async (stated) => {
      pdp.revision = stated;
      expect(await started()).toMatchObject({ ready: true, revision: '' });
    },
  );

  it('logs a change, and not each round', async () => {
    await started();
    await jest.advanceTimersByTimeAsync(50_000);
    pdp.reachable = false;
    await jest.advanceTimersByTimeAsync(20_000);
    pdp.reachable = true;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(lines.map(({ level }) => level)).toEqual(['info', 'warn', 'info']);
  });

  it('asks no more after the shutdown', async () => {
    const watch = await started();
    watch.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(pdp.rounds).toBe(1);
  });
});
