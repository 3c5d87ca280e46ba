import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hookOf, SAMPLES } from '../../apps/sandbox/src/demo/sample-hooks.js';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { packWithCandidate } from '../cli/candidate-pack.js';
import { postHook } from '../e2e/hook-client.js';

/** A mesh with its console: one gateway enforces; one observes, with a candidate of the policies beside it. */
export interface ConsoleMesh {
  readonly mesh: Mesh;
  readonly url: string;
  /** The pack with a version `candidate`. */
  readonly policies: string;
  close(): Promise<void>;
}

export async function startConsoleMesh(): Promise<ConsoleMesh> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-console-mesh-'));
  const policies = await packWithCandidate(join(folder, 'policies'), 'crm-read');
  const observing = { IRIS_MODE_DEFAULT: 'observe', IRIS_SHADOW_POLICY_VERSION: 'candidate' };
  const mesh = await startMesh({
    root: process.cwd(),
    gateways: 2,
    policies,
    gatewayEnv: (index) => (index === 0 ? {} : observing),
    // Facts keep the age that the first question gave them.
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    console: { env: { IRIS_POLICIES_DIRECTORY: policies } },
  });
  return {
    mesh,
    policies,
    url: mesh.console?.url ?? '',
    close: async () => {
      await mesh.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let turns = 0;

/** Sends one of the sample hooks, in a turn of its own of a session of its person. @returns the reply's action */
export async function sendSample({ mesh }: ConsoleMesh, index: number, gateway = 0): Promise<unknown> {
  const sample = SAMPLES[index];
  if (sample === undefined) throw new Error(`there is no sample ${index}`);
  turns += 1;
  const hook = hookOf(sample, mesh.sandbox.admin.company, `turn${turns}`) as { metadata: Record<string, unknown> };
  const metadata = { ...hook.metadata, session_id: `sess_${sample.login.split('@')[0]}` };
  return (await postHook(mesh.gateways[gateway], { ...hook, metadata })).body.action;
}

/** Sends every sample to both gateways. */
export async function sendSamples(mesh: ConsoleMesh): Promise<void> {
  for (const index of SAMPLES.keys()) {
    await sendSample(mesh, index, 0);
    await sendSample(mesh, index, 1);
  }
}

/** The sample that the enforcing gateway denies: a query of production by an engineer who is not on call. */
export const DENIED = { index: 2, person: 'ben@lumen.example', tool: 'mcp__postgres__execute_sql' };
