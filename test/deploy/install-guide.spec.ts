import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CHART, helm, type Manifest, manifests, PRESETS, presetFile, ROOT, render } from './helm.js';

const folder = mkdtempSync(join(tmpdir(), 'iris-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The code blocks of a page in one language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, code = '']) =>
    found === language ? [code] : [],
  );
}

async function rendered(...values: string[]): Promise<Manifest[]> {
  const files = values.map((text, index) => {
    const file = join(folder, `values-${index}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  return manifests(
    await render(['--values', presetFile('production'), ...files.flatMap((file) => ['--values', file])]),
  );
}

/** Secrets that the pods ask for and the manifests do not bring. */
function secretsAsked(all: readonly Manifest[]): string[] {
  const names = [...JSON.stringify(all).matchAll(/"(?:secretRef|secretKeyRef)":\{[^}]*?"name":"([^"]+)"/g)];
  const brought = all.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name);
  return [...new Set(names.map(([, name = '']) => name))].filter((name) => !brought.includes(name)).sort();
}

/** Secrets that the commands of a page make. */
function secretsMade(page: string): string[] {
  const commands = blocks(page, 'sh').join('\n');
  return [...commands.matchAll(/create secret generic (\S+)/g)].map(([, name = '']) => name);
}

describe('the guide to installing', () => {
  const [values = ''] = blocks('docs/install.md', 'yaml');

  it('has values that render, for which its commands make every Secret', async () => {
    const all = await rendered(values);
    expect(secretsMade('docs/install.md').sort()).toEqual(secretsAsked(all));
    expect(JSON.stringify(all)).toContain('"name":"IRIS_MODE_DEFAULT","value":"observe"');
  });

  it('starts quickly with every Secret that the trial reads', async () => {
    const all = manifests(await render(['--values', presetFile('trial')]));
    expect(secretsMade('deploy/helm/iris/README.md').sort()).toEqual(secretsAsked(all));
  });

  it.each(PRESETS)('has notes that name every Secret of the preset %s', async (preset) => {
    const printed = await helm('install', 'iris', CHART, '-n', 'iris', '--dry-run=client', '-f', presetFile(preset));
    const [, notes = ''] = printed.split('\nNOTES:\n');
    const all = manifests(await render(['--values', presetFile(preset)]));
    for (const name of secretsAsked(all)) expect(notes.split('\n')).toContain(`  ${name}`);
    expect(notes).toContain('helm test iris -n iris');
  });

  it('leads the auditor to the sink of its values', async () => {
    const auditor = (await rendered(values)).find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'iris-auditor',
    );
    const { egress } = (auditor?.spec ?? {}) as unknown as { egress: { to?: object[]; ports: { port: number }[] }[] };
    expect(egress).toContainEqual({ to: [expect.anything()], ports: [{ port: 443 }] });
  });

  it('names files that there are', () => {
    const paths = blocks('docs/install.md', 'sh').flatMap((code) => code.match(/\bdeploy\/[\w./-]+/g) ?? []);
    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('changes to Cerbos Hub by the values of its guide', async () => {
    const [hub = ''] = blocks('docs/cerbos-hub.md', 'yaml');
    const all = await rendered(values, hub);
    expect(secretsAsked(all)).toEqual([...secretsMade('docs/install.md'), ...secretsMade('docs/cerbos-hub.md')].sort());
    const config = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'iris-pdp');
    expect(config?.data?.['aperture.yaml']).toContain('driver: hub');
  });

  it('lets vendors push by the values of the chart’s page', async () => {
    const [pushes = ''] = blocks('deploy/helm/iris/README.md', 'yaml');
    const hosts = (await rendered(values, pushes))
      .filter(({ kind, metadata }) => kind === 'Ingress' && metadata.name.endsWith('-webhook'))
      .flatMap(({ spec }) =>
        (spec as unknown as { tls: { hosts: string[] }[] }).tls.flatMap(({ hosts: names }) => names),
      );
    expect(hosts.sort()).toEqual(['iris-okta', 'push.example.com']);
  });
});
