import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { manifests, presetFile, render } from './helm.js';

interface Rendered {
  readonly pod: {
    readonly initContainers?: readonly { readonly name: string }[];
    readonly containers: readonly { readonly volumeMounts: readonly { readonly mountPath: string }[] }[];
  };
  readonly config: { readonly storage: Readonly<Record<string, unknown>> };
}

async function rendered(preset: string): Promise<Rendered> {
  const all = manifests(await render(['--values', presetFile('production'), '--values', presetFile(preset)]));
  const named = (kind: string) =>
    all.find((manifest) => manifest.kind === kind && manifest.metadata.name === 'iris-pdp') as unknown as {
      spec: { template: { spec: Rendered['pod'] } };
      data: Record<string, string>;
    };
  return { pod: named('Deployment').spec.template.spec, config: parse(named('ConfigMap').data['pdp.yaml'] ?? '') };
}

describe('presets of policy delivery', () => {
  it.each([
    ['policies-configmap', 'disk'],
    ['policies-git', 'git'],
    ['policies-hub', 'hub'],
  ])('%s renders a PDP that does not read the policies of the image', async (preset, driver) => {
    const { pod, config } = await rendered(preset);
    expect(config.storage.driver).toBe(driver);
    expect((pod.initContainers ?? []).map(({ name }) => name)).not.toContain('policies');
  });

  it('mounts the ConfigMaps where the PDP reads', async () => {
    const { pod } = await rendered('policies-configmap');
    const paths = pod.containers[0]?.volumeMounts.map(({ mountPath }) => mountPath);
    expect(paths).toEqual(expect.arrayContaining(['/policies', '/policies/pack', '/policies/_schemas']));
  });
});
