/**
 * Packs a release into dist-release: the chart, the command line, the SBOM, the changelog's section, a provenance
 * statement and the digests of all of them.
 *
 * Usage: node deploy/release/release.mjs [--dry-run] [--digests FILE] [--registry oci://HOST/PATH]
 *   --dry-run   publishes nothing
 *   --digests   JSON of the pushed images' digests by app; the packed chart then pulls by digest
 *   --registry  OCI registry that the chart is pushed to, unless --dry-run is given
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse, parseDocument } from 'yaml';
import { packCommandLine } from './command-line-package.mjs';
import { imageApps } from './image-apps.mjs';
import { provenanceOf, sha256Of } from './provenance.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TARGET = join(ROOT, 'dist-release');
const CHART = join(ROOT, 'deploy/helm/iris');
const DIGEST = /^sha256:[0-9a-f]{64}$/;

const { values: options } = parseArgs({
  options: { 'dry-run': { type: 'boolean' }, digests: { type: 'string' }, registry: { type: 'string' } },
});

const work = mkdtempSync(join(tmpdir(), 'iris-release-'));
try {
  const version = releaseVersion();
  const digests = options.digests === undefined ? {} : readDigests(options.digests);
  if (!options['dry-run']) requirePublishable(digests);

  rmSync(TARGET, { recursive: true, force: true });
  mkdirSync(TARGET);
  const chart = packChart(version, digests);
  const files = [
    chart,
    packCommandLine(ROOT, work, TARGET, version),
    writeBillOfMaterials(version),
    writeNotes(version),
  ];
  const provenance = `iris-${version}.provenance.json`;
  writeFileSync(join(TARGET, provenance), provenanceOf(ROOT, TARGET, files, { version, digests }));
  const sums = [...files, provenance].map((name) => `${sha256Of(join(TARGET, name))}  ${name}\n`);
  writeFileSync(join(TARGET, 'SHA256SUMS'), sums.join(''));
  process.stdout.write(`dist-release:\n${sums.join('')}`);

  if (options['dry-run']) process.stdout.write('dry run: nothing is published\n');
  else execFileSync(helm(), ['push', join(TARGET, chart), options.registry], { stdio: 'inherit' });
} catch (error) {
  process.stderr.write(`release: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** The version, which package.json and the chart agree on. */
function releaseVersion() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
  if (chart.version !== version || chart.appVersion !== version) {
    throw new Error(`package.json is ${version}, Chart.yaml is ${chart.version} with appVersion ${chart.appVersion}`);
  }
  return version;
}

function readDigests(file) {
  const digests = JSON.parse(readFileSync(file, 'utf8'));
  const known = imageApps(ROOT);
  for (const [app, digest] of Object.entries(digests)) {
    if (!known.includes(app)) throw new Error(`${file} has ${app}, which is no image`);
    if (!DIGEST.test(digest)) throw new Error(`${file} has no digest for ${app}`);
  }
  return digests;
}

/** A published chart pulls every image by its digest. */
function requirePublishable(digests) {
  const missing = imageApps(ROOT).filter((app) => digests[app] === undefined);
  if (missing.length > 0) throw new Error(`--digests has none for ${missing.join(', ')}; --dry-run needs no digests`);
  if (!options.registry?.startsWith('oci://')) throw new Error('--registry must be oci://HOST/PATH');
}

function packChart(version, digests) {
  const copy = join(work, 'iris');
  cpSync(CHART, copy, { recursive: true });
  const values = join(copy, 'values.yaml');
  const document = parseDocument(readFileSync(values, 'utf8'));
  document.setIn(['image', 'digests'], document.createNode(digests));
  if (Object.keys(digests).length > 0) writeFileSync(values, document.toString({ lineWidth: 0 }));
  execFileSync(helm(), ['package', copy, '--destination', TARGET], { stdio: 'pipe' });
  return `iris-${version}.tgz`;
}

function writeBillOfMaterials(version) {
  const name = `iris-${version}.cdx.json`;
  const args = [join(ROOT, 'deploy/sbom.mjs')];
  writeFileSync(join(TARGET, name), execFileSync(process.execPath, args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 }));
  return name;
}

/** The section of the changelog for this version, or the one that is not released yet. */
function writeNotes(version) {
  const [, ...sections] = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const section =
    sections.find((text) => text.startsWith(version)) ?? sections.find((text) => text.startsWith('Unreleased'));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section for ${version}`);
  const name = `iris-${version}.changelog.md`;
  writeFileSync(join(TARGET, name), `## ${section.trim()}\n`);
  return name;
}

function helm() {
  const local = join(ROOT, '.iris/helm/helm');
  return process.env.IRIS_HELM ?? (existsSync(local) ? local : 'helm');
}
