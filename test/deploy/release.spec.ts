import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { helm, manifests, presetFile, ROOT } from './helm.js';

const TARGET = join(ROOT, 'dist-release');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const APPS = readdirSync(join(ROOT, 'apps')).filter((app) => !['generator', 'sandbox'].includes(app));
const digests = Object.fromEntries(
  APPS.map((app) => [app, `sha256:${createHash('sha256').update(app).digest('hex')}`]),
);

const folder = mkdtempSync(join(tmpdir(), 'iris-release-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function release(...args: string[]): { status: number | null; stderr: string; stdout: string } {
  const script = join(ROOT, 'deploy/release/release.mjs');
  return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, encoding: 'utf8' });
}

describe('a dry run of a release', () => {
  let printed: string;

  beforeAll(() => {
    writeFileSync(join(folder, 'digests.json'), JSON.stringify(digests));
    const { status, stdout, stderr } = release('--dry-run', '--digests', join(folder, 'digests.json'));
    expect([status, stderr]).toEqual([0, '']);
    printed = stdout;
  }, 120_000);

  it('packs every file, with its digest, and publishes nothing', () => {
    expect(printed).toContain('dry run: nothing is published');
    const names = ['.tgz', '.cdx.json', '.changelog.md', '.provenance.json'].map((end) => `iris-${version}${end}`);
    expect(readdirSync(TARGET).sort()).toEqual(['SHA256SUMS', `iris-cli-${version}.tgz`, ...names].sort());
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: TARGET, stdio: 'pipe' });
  });

  it('packs a chart that pulls every image by its digest', async () => {
    const chart = join(TARGET, `iris-${version}.tgz`);
    const presets = ['all-entry-points', 'production'].flatMap((preset) => ['-f', presetFile(preset)]);
    const every = ['--set', 'enrichers.workday.enabled=true,enrichers.servicenow.enabled=true'];
    const images = JSON.stringify(manifests(await helm('template', 'iris', chart, ...presets, ...every)));
    const pulled = [...images.matchAll(/"image":"iris-([a-z-]+)@(sha256:[0-9a-f]+)"/g)].map(([, app, digest]) => [
      app,
      digest,
    ]);
    expect(Object.fromEntries(pulled)).toEqual(digests);
    expect(images).not.toMatch(/"image":"iris-[a-z-]+:/);
  });

  it('packs a command line that runs from its package', () => {
    execFileSync('tar', ['xzf', join(TARGET, `iris-cli-${version}.tgz`), '-C', folder]);
    const unpacked = join(folder, 'package');
    const { bin, dependencies } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) expect(existsSync(join(ROOT, 'node_modules', name))).toBe(true);
    execFileSync('ln', ['-s', join(ROOT, 'node_modules'), join(unpacked, 'node_modules')]);
    const help = execFileSync(process.execPath, [join(unpacked, bin.iris), 'doctor', '--help'], { encoding: 'utf8' });
    expect(help).toContain('--no-enrichers');
  });

  it('states where every file comes from', () => {
    const statement = JSON.parse(readFileSync(join(TARGET, `iris-${version}.provenance.json`), 'utf8'));
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition: { externalParameters: { version, digests } } },
    });
    for (const { name, digest } of statement.subject) {
      expect(digest.sha256).toBe(
        createHash('sha256')
          .update(readFileSync(join(TARGET, name)))
          .digest('hex'),
      );
    }
    expect(statement.subject).toHaveLength(4);
  });

  it('takes the section of the changelog and the components of production', () => {
    const notes = readFileSync(join(TARGET, `iris-${version}.changelog.md`), 'utf8');
    expect(notes).toMatch(/^## /);
    expect(notes.match(/^## /gm)).toHaveLength(1);
    const { components } = JSON.parse(readFileSync(join(TARGET, `iris-${version}.cdx.json`), 'utf8'));
    const names = components.map(({ name }: { name: string }) => name);
    expect(names).toContain('fastify');
    expect(names).not.toContain('jest');
  });
});

describe('a release', () => {
  it.each([
    ['without digests', [], /--digests has none for auditor, cli/],
    ['without a registry', ['--digests', 'digests.json'], /--registry must be oci:/],
    ['with a digest of no image', ['--dry-run', '--digests', 'wrong.json'], /sandbox, which is no image/],
    ['with a tag for a digest', ['--dry-run', '--digests', 'tag.json'], /no digest for gateway/],
  ])('is refused %s', (_title, args, message) => {
    writeFileSync(join(folder, 'digests.json'), JSON.stringify(digests));
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ sandbox: digests.gateway }));
    writeFileSync(join(folder, 'tag.json'), JSON.stringify({ gateway: '0.1.0' }));
    const { status, stderr } = release(...args.map((arg) => (arg.endsWith('.json') ? join(folder, arg) : arg)));
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });
});

describe('the release workflow', () => {
  const { jobs } = parse(readFileSync(join(ROOT, '.github/workflows/release.yaml'), 'utf8'));
  const steps = (job: string): string => JSON.stringify(jobs[job].steps);

  it('builds, signs and keeps the digest of every image', () => {
    expect(jobs.images.strategy.matrix.app).toEqual(APPS);
    expect(steps('images')).toMatch(
      /"provenance":"mode=max".*cosign sign --yes .*@\$\{\{ steps\.build\.outputs\.digest/,
    );
    expect(jobs.images.permissions['id-token']).toBe('write');
  });

  it('packs the chart after the images, with their digests', () => {
    expect([jobs.images.needs, jobs.chart.needs]).toEqual(['verify', 'images']);
    expect(steps('chart')).toMatch(/npm run release -- --digests digests\.json/);
  });
});

describe('install scripts of packages', () => {
  it('are off, and no installed package with one is unreviewed', () => {
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const found = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
      hasInstallScript ? [path.replace(/^.*node_modules\//, '')] : [],
    );
    const reviewed = parse(readFileSync(join(ROOT, 'deploy/release/install-scripts.yaml'), 'utf8'));
    expect([...new Set(found)].sort()).toEqual(Object.keys(reviewed.skipped).sort());
    expect(reviewed.run).toEqual([]);
  });
});
