import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Manifest, manifests, PRESETS, presetFile, render } from './helm.js';

interface SecuredContainer {
  readonly name: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string } }[];
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } } }[];
}

interface SecuredPod {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly hostNetwork?: boolean;
  readonly initContainers?: readonly SecuredContainer[];
  readonly containers: readonly SecuredContainer[];
  readonly volumes?: readonly { readonly hostPath?: object; readonly secret?: { readonly secretName: string } }[];
}

const SIDECAR = [
  'tailnet.expose=sidecar',
  'tailnet.proxyGroup=',
  'tailnet.https=false',
  'tailnet.sidecar.existingSecret=t',
];

/** The pods of a rendering, by component. */
function podsOf(all: readonly Manifest[]): [component: string, pod: SecuredPod][] {
  return all
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
    .map(({ metadata, spec }) => [
      metadata.labels?.['app.kubernetes.io/component'] ?? '',
      (spec as unknown as { template: { spec: SecuredPod } }).template.spec,
    ]);
}

function secretsOf({ initContainers = [], containers, volumes = [] }: SecuredPod): string[] {
  const all = [...initContainers, ...containers];
  return [
    ...all.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef.name)),
    ...all.flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? [])),
    ...volumes.flatMap(({ secret }) => secret?.secretName ?? []),
  ];
}

describe.each([...PRESETS, 'sidecar'])('the pods of %s', (preset) => {
  let pods: [component: string, pod: SecuredPod][] = [];

  beforeAll(async () => {
    const values = preset === 'sidecar' ? SIDECAR.flatMap((value) => ['--set', value]) : [];
    pods = podsOf(
      manifests(await render(['--values', presetFile(preset === 'sidecar' ? 'production' : preset), ...values])),
    );
  });

  it('run without root, without rights and on a file system that they cannot write', () => {
    for (const [component, { securityContext, hostNetwork, initContainers = [], containers, volumes = [] }] of pods) {
      expect([component, securityContext]).toEqual([
        component,
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
      ]);
      expect([component, securityContext.runAsUser]).not.toEqual([component, 0]);
      for (const container of [...initContainers, ...containers]) {
        expect([component, container.name, container.securityContext]).toEqual([
          component,
          container.name,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        ]);
        expect([component, container.resources]).toEqual([
          component,
          expect.objectContaining({ requests: expect.anything(), limits: { memory: expect.any(String) } }),
        ]);
      }
      expect([component, hostNetwork, volumes.filter(({ hostPath }) => hostPath)]).toEqual([component, undefined, []]);
    }
  });

  it('have each an account of its own, without a token', () => {
    for (const [component, pod] of pods) {
      expect(pod.serviceAccountName).toBe(`iris-${component}`);
      expect([component, pod.automountServiceAccountToken]).toEqual([component, false]);
    }
  });

  it('share no Secret but those of Redis and the database', () => {
    const users = new Map<string, Set<string>>();
    for (const [component, pod] of pods) {
      for (const name of secretsOf(pod)) users.set(name, (users.get(name) ?? new Set()).add(component));
    }
    const shared = [...users].filter(
      ([name, components]) => !['iris-redis', 'iris-database'].includes(name) && components.size > 1,
    );
    expect(shared.map(([name]) => name)).toEqual([]);
    for (const [component] of pods.filter(([name]) => name.startsWith('enricher-'))) {
      expect(users.get(component.replace('enricher-', 'iris-'))).toEqual(new Set([component]));
    }
  });
});
