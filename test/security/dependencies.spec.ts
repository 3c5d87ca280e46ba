import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { dependencies, INSTALLED, isAccepted, REASONS_FOR } from '../../apps/generator/src/dependency-document.js';

const AUDIT = ['audit', '--omit', 'dev', '--audit-level', 'high', '--json'];

/** The parts of CycloneDX 1.5 that a reader relies on. */
const sbomSchema = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^1\.\d$/),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f-]{36}$/),
  version: z.int().positive(),
  metadata: z.object({ component: z.object({ 'bom-ref': z.string().min(1) }) }),
  components: z.array(
    z.object({
      type: z.literal('library'),
      name: z.string().min(1),
      version: z.string().min(1),
      purl: z.string().startsWith('pkg:npm/'),
      'bom-ref': z.string().min(1),
      licenses: z.array(z.unknown()).min(1),
      hashes: z.array(z.object({ alg: z.string(), content: z.string().regex(/^[0-9a-f]+$/) })).min(1),
    }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

function npm(args: readonly string[]) {
  return spawnSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

describe('runtime dependencies', () => {
  it('are each listed with a reason, and nothing else is', () => {
    const names = dependencies().map(({ name }) => name);
    expect(names.filter((name) => (REASONS_FOR[name] ?? '').length < 10)).toEqual([]);
    expect(Object.keys(REASONS_FOR).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('are pinned to one version, and all that they bring to one content', () => {
    expect(dependencies().filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const loose = INSTALLED.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(loose.map(([place]) => place)).toEqual([]);
  });

  it('have licences that are accepted, all that they bring included', () => {
    const others = INSTALLED.filter(([, { license }]) => !isAccepted(license ?? 'unknown'));
    expect(others.map(([place, { license }]) => `${place}: ${license}`)).toEqual([]);
    expect(['GPL-3.0', 'MIT AND GPL-3.0', 'unknown', ''].filter(isAccepted)).toEqual([]);
    expect(['(MIT AND Zlib)', '(BSD-3-Clause OR GPL-2.0)'].filter(isAccepted)).toHaveLength(2);
  });

  it('make a CycloneDX document that is valid and complete', () => {
    const { stdout, stderr, status } = npm(['run', '--silent', 'sbom']);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const sbom = sbomSchema.parse(JSON.parse(stdout));
    const inLock = INSTALLED.map(([place, { version }]) => `${place.split('node_modules/').at(-1)}@${version}`);
    const named = sbom.components.map(({ name, version }) => `${name}@${version}`);
    expect([...new Set(inLock)].filter((one) => !named.includes(one))).toEqual([]);
    const known = new Set([sbom.metadata.component, ...sbom.components].map((one) => one['bom-ref']));
    expect(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.has(ref))).toEqual([]);
  });
});

const audit = npm(AUDIT);
const answered = /"auditReportVersion"/.test(audit.stdout);

(answered ? it : it.skip)('no runtime dependency has a known vulnerability of high severity (npm audit)', () => {
  const { metadata } = JSON.parse(audit.stdout) as { metadata: { vulnerabilities: Record<string, number> } };
  expect(metadata.vulnerabilities).toMatchObject({ high: 0, critical: 0 });
});
