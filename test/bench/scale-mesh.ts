import { freePort } from '@iris/context-cache/testing';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { type Pdp, startPdp } from '../../apps/sandbox/src/mesh/pdp.js';
import { type CountingRelay, startRelay } from './counting-relay.js';

/** Gateways and the PDPs that they ask. */
export interface Topology {
  readonly name: string;
  /** Indices of the mesh's gateways. */
  readonly gateways: readonly number[];
  readonly pdps: readonly Pdp[];
}

export interface ScaleMesh {
  readonly mesh: Mesh;
  /** One gateway and one PDP: what costs are measured on. */
  readonly single: Topology;
  readonly topologies: readonly Topology[];
  /** A gateway that asks its PDP through a relay that counts bytes. */
  readonly relayed: { readonly gateway: number; readonly relay: CountingRelay };
}

/** Go collects garbage when the heap has grown by so many percent; 100 by default. Source: Go, runtime. */
const COLLECT_LATER = { GOGC: '400' };
const ROOT = process.cwd();

/** Starts gateways and PDPs for all topologies, with one Redis, uses them, and ends them. */
export async function withScaleMesh<T>(use: (mesh: ScaleMesh) => Promise<T>): Promise<T> {
  const firstPort = await freePort();
  const second = await startPdp({ root: ROOT });
  const later = await startPdp({ root: ROOT, env: COLLECT_LATER });
  const relay = await startRelay(firstPort);
  // gRPC asks the addresses of one target in turn.
  const both = `ipv4:127.0.0.1:${firstPort},${second.target}`;
  const targets = [`127.0.0.1:${firstPort}`, `127.0.0.1:${firstPort}`, both, both, later.target, relay.target];
  let mesh: Mesh | undefined;
  try {
    mesh = await startMesh({
      root: ROOT,
      gateways: targets.length,
      pdpGrpcPort: firstPort,
      gatewayEnv: (index) => ({ IRIS_HOOK_BUDGET_MS: '10000', IRIS_PDP_TARGET: targets[index] ?? '' }),
    });
    const single = { name: '1 gateway, 1 PDP', gateways: [0], pdps: [mesh.pdp] };
    return await use({
      mesh,
      single,
      topologies: [
        single,
        { name: '2 gateways, 1 PDP', gateways: [0, 1], pdps: [mesh.pdp] },
        { name: '1 gateway, 2 PDPs', gateways: [2], pdps: [mesh.pdp, second] },
        { name: '2 gateways, 2 PDPs', gateways: [2, 3], pdps: [mesh.pdp, second] },
        { name: '1 gateway, 1 PDP with GOGC=400', gateways: [4], pdps: [later] },
      ],
      relayed: { gateway: 5, relay },
    });
  } finally {
    await mesh?.close();
    relay.close();
    for (const pdp of [second, later]) await pdp.process.stop();
  }
}
