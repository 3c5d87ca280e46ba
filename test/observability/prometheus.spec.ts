import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { endSwitch, turnOn } from '@iris/break-glass';
import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { DASHBOARDS } from '../../deploy/grafana/dashboards.js';
import { NAMESPACE, ObservedMesh } from './observed-mesh.js';
import { alertRules, hurriedRules, rules } from './rules.js';
import { NAMED_CAUSES, runRunbook } from './runbook-commands.js';
import {
  eventAfterResponse,
  forgedPush,
  hookOfStranger,
  hookOfUnlistedKind,
  hookWithoutBody,
  hookWithWrongKey,
  ordinaryHook,
  Traffic,
} from './traffic.js';

/** Spans of the rules' ranges in this test, in s; a scrape is a second. */
const WINDOWS = { short: 6, long: 12 };

/** What takes a day or a disk to reach, by what a test reaches. */
const THRESHOLDS = {
  IrisEvidenceBacklog: ['268435456', '100000'],
  IrisEvidenceSpoolInUse: ['> 60', '> 3'],
  IrisNoHooks: [' 30', ' 3'],
} as const;

/** Queries that have no series in this mesh, and why that is as it should be. */
const NO_SERIES: Readonly<Record<string, string>> = {
  'evidence: Blocked for want of evidence: {{event}}':
    'a gateway blocks for that where evidence.onFull is block; here the one whose spool fills drops records',
};

/** These fire rightly where the machine is too busy to answer in time. */
const ABOUT_SPEED = new Set(['IrisHooksSlow', 'IrisHooksNearTimeout', 'IrisHooksFailSlowly']);

let observed: ObservedMesh;
let startedAt: Date;
const fired = new Set<string>();
const running: Traffic[] = [];

beforeAll(async () => {
  observed = await ObservedMesh.start(hurriedRules(WINDOWS, THRESHOLDS));
  startedAt = new Date();
  running.push(Traffic.start(400, (index) => ordinaryHook(observed.mesh, index)));
  running.push(Traffic.start(2000, () => forgedPush(observed.mesh)));
});

afterAll(async () => {
  await Promise.all(running.map((traffic) => traffic.stop()));
  await observed?.close();
});

/** Waits until all of the alerts fire at some time. */
async function fires(...alerts: readonly string[]): Promise<void> {
  const waited = new Set(alerts);
  await eventually(async () => {
    for (const alert of await observed.firing()) {
      fired.add(alert);
      waited.delete(alert);
    }
    expect([...waited]).toEqual([]);
  });
  // While the fault lasts, the commands of each runbook lead to its cause.
  for (const alert of alerts) {
    await eventually(async () => {
      const output = await runRunbook(alert, { ...observed.env, ...RUNBOOK_ENV[alert] });
      expect([alert, output]).toEqual([alert, expect.stringMatching(NAMED_CAUSES[alert] ?? /(?!)/)]);
    });
  }
}

const EXAMPLES = 'deploy/tailscale/aperture';
/** Variables that differ from those of the mesh: those of the second gateway, and the configuration of Aperture. */
const RUNBOOK_ENV: Record<string, Readonly<Record<string, string>>> = {
  IrisHookKeysRefused: { IRIS_HOOK_KEY: 'an-outdated-hook-key' },
  IrisNoPolicyMatch: { IRIS_PDP_POLICY_VERSION: 'nowhere' },
  IrisObserveOnlyWiring: { IRIS_APERTURE_CONFIG: `${EXAMPLES}/observe.hujson` },
};

/** Starts traffic that continues to the end. */
function send(everyMs: number, hook: (index: number) => Promise<unknown>): void {
  running.push(Traffic.start(everyMs, hook));
}

describe('on an ordinary day', () => {
  it('every target is scraped, and no alert fires', async () => {
    await eventually(async () => {
      expect((await observed.prometheus.now('up == 0')).map(({ metric }) => metric.pod)).toEqual([]);
      expect((await observed.prometheus.now('up')).length).toBeGreaterThan(10);
    });
    // What the first seconds bring is out of every window then.
    await sleep(1000 * (WINDOWS.long + 2));
    await eventually(async () => {
      expect((await observed.firing()).filter((alert) => !ABOUT_SPEED.has(alert))).toEqual([]);
    });
  });
});

describe('an alert fires', () => {
  it('when hooks are wired wrong, or ask for policies that are not there', async () => {
    const { mesh } = observed;
    send(500, () => hookWithWrongKey(mesh));
    send(500, () => hookWithoutBody(mesh));
    send(400, (index) => eventAfterResponse(mesh, index));
    send(500, () => hookOfUnlistedKind(mesh));
    await observed.changePoliciesOfSecondPdp();
    await fires(
      'IrisUnrecognisedKind',
      'IrisHookKeysRefused',
      'IrisNothingToEvaluate',
      'IrisObserveOnlyWiring',
      'IrisNoPolicyMatch',
    );
    await fires('IrisPdpStale');
  });

  it('when the file of the tool catalog cannot be used', async () => {
    await observed.breakCatalog();
    await fires('IrisCatalogNotLoaded');
    await observed.repairCatalog();
  });

  it('when a PDP cannot load a policy', async () => {
    await observed.breakPolicies();
    await fires('IrisPolicyLoadFailed');
    await observed.repairPolicies();
  });

  it('while denials are not enforced', async () => {
    const redis = new Redis(observed.mesh.redis?.url ?? '');
    await turnOn(redis, observed.adminKey, { forMs: 600_000, reason: 'a drill' });
    await fires('IrisBreakGlassOn');
    await endSwitch(redis, observed.adminKey, 'over');
    redis.disconnect();
  });

  it('when vendors fail', async () => {
    const { admin } = observed.mesh.sandbox;
    await admin.setFaults('okta', { mode: 'error' });
    await fires('IrisSourceStale');
    await admin.setFaults('okta');
    send(200, (index) => hookOfStranger(observed.mesh, index));
    await admin.setFaults('servicenow', { mode: 'error', flapping: { fail: 1, pass: 1 } });
    await admin.setFaults('workday', { mode: 'answer', status: 401 });
    await admin.setFaults('tailscale', { mode: 'down' });
    await fires('IrisSourceUnavailable', 'IrisSourceCircuitOpen', 'IrisSourceCredentialsRefused');
    await eventually(async () => expect(await observed.prometheus.now('iris_source_retries_total')).not.toEqual([]));
    for (const vendor of ['servicenow', 'workday', 'tailscale'] as const) await admin.setFaults(vendor);
  });

  it('when evidence is refused, and when nobody takes it', async () => {
    observed.sink.answer = () => 400;
    await fires('IrisEvidenceDeadLetters');
    observed.sink.answer = () => 200;
    await observed.killAuditor();
    await fires(
      'IrisEvidenceSpoolInUse',
      'IrisEvidenceNotDelivered',
      'IrisEvidenceBacklog',
      'IrisEvidenceLost',
      'IrisTargetAbsent',
    );
    await observed.restartAuditor();
  });

  it('when a chain of evidence has a gap', async () => {
    const redis = new Redis(observed.mesh.redis?.url ?? '');
    // As if links had come before that the auditor never gets again.
    await eventually(async () => expect(await redis.keys('iris:evidence:chain:*')).not.toEqual([]));
    for (const key of await redis.keys('iris:evidence:chain:*')) await redis.set(key, `1 ${'f'.repeat(64)}`);
    redis.disconnect();
    await fires('IrisEvidenceChainBroken');
  }, 120_000);

  it('when Redis is a replica of another one', async () => {
    const redis = new Redis(observed.mesh.redis?.url ?? '');
    await redis.replicaof('127.0.0.1', '1');
    await fires('IrisRedisNotServing');
    await redis.replicaof('NO', 'ONE');
    redis.disconnect();
  });

  it('when the PDP does not answer', async () => {
    observed.mesh.pdp.process.signal('SIGSTOP');
    try {
      await fires('IrisHooksFailFast', 'IrisHooksFailSlowly', 'IrisHooksSlow', 'IrisHooksNearTimeout');
      await fires('IrisPdpNotReady');
    } finally {
      observed.mesh.pdp.process.signal('SIGCONT');
    }
  });

  it('when no hook arrives any more', async () => {
    const hooks = 'sum(increase(iris_hook_replies_total[6s]))';
    await eventually(async () => expect((await observed.prometheus.now(hooks))[0]?.values[0]).toBeGreaterThan(3));
    await Promise.all(running.splice(0).map((traffic) => traffic.stop()));
    const wired = await readFile(`${EXAMPLES}/both.hujson`, 'utf8');
    const config = await observed.write(
      'aperture.hujson',
      wired.replaceAll('"timeout"', '"disabled": true, "timeout"'),
    );
    RUNBOOK_ENV.IrisNoHooks = { IRIS_APERTURE_CONFIG: config };
    await fires('IrisNoHooks');
  }, 120_000);

  it('once for each that the chart ships', () => {
    expect([...fired].sort()).toEqual(alertRules.map(({ alert }) => alert).sort());
  });
});

describe('every query', () => {
  const panels = DASHBOARDS.flatMap(({ id, panels }) =>
    panels.flatMap(({ title, queries }) =>
      Object.entries(queries).map(([legend, expr]) => [`${id}: ${title}: ${legend}`, expr] as const),
    ),
  );

  it.each(panels)('of a panel has series: %s', async (name, expr) => {
    const filled = expr
      .replaceAll('$namespace', NAMESPACE)
      .replaceAll('$source', '.*')
      .replaceAll('$__rate_interval', '10s');
    expect(filled).not.toContain('$');
    const series = await observed.prometheus.since(startedAt, filled);
    const hasNumbers = series.some(({ values }) => values.some(Number.isFinite));
    expect([name, hasNumbers]).toEqual([name, NO_SERIES[name] === undefined]);
  });

  it.each(rules.flatMap(({ record }) => record ?? []))('of the rule %s has series', async (record) => {
    const series = await observed.prometheus.since(startedAt, record);
    expect(series.some(({ values }) => values.some(Number.isFinite))).toBe(true);
  });
});
