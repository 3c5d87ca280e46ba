import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentName } from '@iris/config';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { decodeEntry, encodeEntry, principalKey } from '../../libs/context-cache/src/entry.js';
import { manifests, ROOT, render } from './helm.js';
import { settingsOf } from './settings-of.js';

/**
 * What the previous release left: its values files, the fields of its resources that Kubernetes cannot change, and entries
 * that its mesh wrote to Redis. Records of evidence of each edition are in libs/evidence.
 */
const PREVIOUS = join(ROOT, 'test/deploy/previous-release');
const read = (name: string) => readFileSync(join(PREVIOUS, name), 'utf8');

function previousValues(): Promise<string> {
  return render(['--values', join(PREVIOUS, 'production.yaml'), '--values', join(PREVIOUS, 'my-values.yaml')]);
}

describe('an upgrade with the values files of the previous release', () => {
  it('changes no field that Kubernetes cannot change, so it and its rollback roll', async () => {
    const all = manifests(await previousValues());
    const before: readonly { kind: string; name: string; spec: object }[] = parse(read('immutable-fields.yaml'));
    expect(before.length).toBeGreaterThan(10);
    for (const { kind, name, spec } of before) {
      const now = all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
      expect([kind, name, now?.spec]).toEqual([kind, name, expect.objectContaining(withoutEmpty(spec))]);
    }
  });

  it('gives every app settings that it still has', async () => {
    for (const { kind, metadata, spec } of manifests(await previousValues())) {
      const app = metadata.name.replace(/^iris-/, '');
      if (!['Deployment', 'StatefulSet'].includes(kind) || ['pdp', 'redis'].includes(app)) continue;
      const { containers } = (spec as unknown as { template: { spec: { containers: { env: { name: string }[] }[] } } })
        .template.spec;
      const known = Object.keys(await settingsOf(app)).map(environmentName);
      const given = containers[0]?.env.map(({ name }) => name).filter((name) => name.startsWith('IRIS_')) ?? [];
      expect([app, given.filter((name) => !known.includes(name))]).toEqual([app, []]);
    }
  });
});

/** null stands for a field that was not set. */
function withoutEmpty(spec: object): object {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
}

describe('entries in Redis while both releases run', () => {
  const { context } = JSON.parse(read('redis-entries.json')) as { context: Record<string, Record<string, string>> };

  it('are found under the key of the previous release', () => {
    expect(Object.keys(context)).toContain(principalKey('ana@lumen.example'));
  });

  it('are read as the previous release wrote them, and written as it reads them', () => {
    const entries = Object.values(context).flatMap((fields) => Object.entries(fields));
    expect(entries.map(([field]) => field)).toEqual(
      expect.arrayContaining(['okta', 'workday', 'servicenow', 'pagerduty', 'tailscale/nAnaMacCNTRL']),
    );
    for (const [field, text] of entries) {
      const answer = decodeEntry(text);
      if (answer === undefined) throw new Error(`${field} is not read`);
      expect([field, answer.status]).toEqual([field, 'FOUND']);
      // The writer adds when it wrote, and the reader does not ask for it.
      const { writtenAt, ...before } = JSON.parse(text);
      expect([field, typeof writtenAt, JSON.parse(encodeEntry(answer))]).toEqual([field, 'number', before]);
    }
  });
});
