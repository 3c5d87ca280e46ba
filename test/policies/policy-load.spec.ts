import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { stampRevision } from '@iris/policy-files';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Pdp, startPdp } from '../../apps/sandbox/src/mesh/pdp.js';
import { findingsOf } from '../cli/run-iris.js';
import { alertRules } from '../observability/rules.js';

describe('a policy that a real PDP cannot load', () => {
  let folder: string;
  let server: Pdp;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'iris-load-'));
    cpSync('policies/pack', folder, { recursive: true });
    server = await startPdp({ root: process.cwd(), policies: folder });
  });
  afterEach(async () => {
    await server.process.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const metrics = async () => (await fetch(`${server.httpUrl}/_cerbos/metrics`)).text();
  const doctor = async (...args: string[]) =>
    (await findingsOf(['--no-enrichers', '--pdp', server.target, '--pdp-http', server.httpUrl, ...args])).filter(
      ({ id }) => id !== 'clock_skew',
    );

  /** Waits for a condition, at most about half a minute. */
  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 150; tries += 1) {
      if (await holds()) return;
      await sleep(200);
    }
    throw new Error(`not within the time: ${await metrics()}`);
  }

  /** A change that breaks the policies of tool calls and leaves the others valid. */
  function breakEnforcement(): void {
    const file = join(folder, 'enforce/aperture_hook.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('!V.complete', '!V.complet'));
    stampRevision(folder);
  }

  it('is a finding of doctor, and the last valid policies decide', async () => {
    await expect(doctor('--policies', 'policies')).resolves.toEqual([]);
    breakEnforcement();
    await until(async () => /compile_duration_milliseconds_count\{[^}]*status="failure"/.test(await metrics()));
    const [finding, ...others] = await doctor();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: 'pdp_policy_load_failed',
      detail: expect.stringMatching(/did not compile since the PDP started/),
    });
    const golden = await findingsOf(['--no-enrichers', '--pdp', server.target]);
    expect(golden).toEqual([]);
    cpSync('policies/pack', folder, { recursive: true });
    await until(async () => (await doctor('--policies', folder)).length === 1);
    writeFileSync(
      join(folder, 'added.yaml'),
      'apiVersion: api.cerbos.dev/v1\nexportConstants: { name: added, definitions: {} }\n',
    );
    // While the PDP loads what was added it may answer a golden check otherwise, which doctor rightly finds too.
    const expected = ['pdp_policy_load_failed', 'pdp_policies_outdated'];
    await until(async () =>
      isDeepStrictEqual(
        (await doctor('--policies', folder)).map(({ id }) => id),
        expected,
      ),
    );
  });

  it('is a finding of doctor when a file is no policy', async () => {
    writeFileSync(join(folder, 'broken.yaml'), 'foo: [');
    await until(async () => /store_sync_error_count_total/.test(await metrics()));
    await expect(doctor()).resolves.toMatchObject([
      { id: 'pdp_policy_load_failed', detail: expect.stringMatching(/1 files could not be read/) },
    ]);
  });

  it('has an alert on series that this PDP exposes', async () => {
    writeFileSync(join(folder, 'broken.yaml'), 'foo: [');
    breakEnforcement();
    const named = (text: string) => /store_sync_error_count_total/.test(text) && /status="failure"/.test(text);
    await until(async () => named(await metrics()));
    const text = await metrics();
    const rule = alertRules.find(({ alert }) => alert === 'IrisPolicyLoadFailed');
    const series = [...new Set(rule?.expr.match(/cerbos_\w+/g))];
    expect(series).toHaveLength(3);
    for (const name of series) expect(text).toMatch(new RegExp(`^${name}(\\{|\\s)`, 'm'));
  });
});
