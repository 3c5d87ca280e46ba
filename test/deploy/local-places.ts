import { freePort } from '@iris/context-cache/testing';
import { type Manifest, ROOT } from './helm.js';
import type { WorkloadSpec } from './workload-manifest.js';

/** What stands for a place in the cluster, and the place on this machine. */
type Place = readonly [inside: string, here: string];

interface ServiceSpec {
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
}

/** Places that every container has. */
export const PLACES: readonly Place[] = [
  ['/app', ROOT.replace(/\/$/, '')],
  ['0.0.0.0', '127.0.0.1'],
];

/** Follows each Service to the pod that its selector finds. @throws Error for one that finds none, or no port */
export function placesOfServices(
  manifests: readonly Manifest[],
  workloads: readonly { readonly name: string; readonly spec: WorkloadSpec }[],
  ports: ReadonlyMap<string, number>,
): Place[] {
  return manifests
    .filter(({ kind }) => kind === 'Service')
    .flatMap(({ metadata, spec }) => {
      const { selector, ports: servicePorts } = spec as unknown as ServiceSpec;
      const target = workloads.find(({ spec: { template } }) =>
        Object.entries(selector).every(([label, value]) => template.metadata.labels[label] === value),
      );
      return servicePorts.map(({ port, targetPort }) => {
        const containerPort = target?.spec.template.spec.containers
          .flatMap((container) => container.ports ?? [])
          .find(({ name }) => name === targetPort)?.containerPort;
        const here = ports.get(`${target?.name} ${containerPort}`);
        if (here === undefined) throw new Error(`the Service ${metadata.name} leads nowhere with its port ${port}`);
        return [`${metadata.name}:${port}`, `127.0.0.1:${here}`] as const;
      });
    });
}

/** Replaces what stands for a place in the cluster by the place on this machine, in one pass. */
export function translate(text: string, places: readonly Place[]): string {
  const here = new Map(places);
  // The longest first, so that no place is taken for the start of another one.
  const inside = [...here.keys()].sort((a, b) => b.length - a.length).map((place) => place.replaceAll('.', '\\.'));
  const anyPlace = new RegExp(`(?<![\\w.-])(?:${inside.join('|')})(?![\\w-])`, 'g');
  return text.replace(anyPlace, (place) => here.get(place) ?? place);
}

/** A free port for each name. */
export async function takePorts(names: readonly string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, await freePort());
  return ports;
}
