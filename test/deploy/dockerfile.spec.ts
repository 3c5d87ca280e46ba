import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentName, loadSettings } from '@iris/config';
import { describe, expect, it } from '@jest/globals';
import { type Copy, DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { IMAGE_ENVIRONMENT, IMAGE_NODE_OPTIONS } from '../../apps/sandbox/src/mesh/mesh.js';
import { ALERTS_FILE } from '../observability/rules.js';
import { copyArguments, stagesOf } from './dockerfile-steps.js';
import { ROOT } from './helm.js';
import { settingsOf } from './settings-of.js';

const text = readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8');
const ignored = readFileSync(join(ROOT, 'deploy/docker/Dockerfile.dockerignore'), 'utf8').split('\n');

describe('the Dockerfile', () => {
  it('has no error that the linter knows', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  it('is linted at all: an error is found', () => {
    expect(validate('FROM scratch\nCOPPY a b\n')).not.toEqual([]);
  });

  it('bounds memory by the options that the local mesh measures with', () => {
    const environment = text.match(/^ENV .*$/m)?.[0].split(' ') ?? [];
    for (const [name, value] of Object.entries(IMAGE_ENVIRONMENT)) expect(environment).toContain(`${name}=${value}`);
    const command = JSON.parse(text.match(/^CMD (.*)$/m)?.[1] ?? '[]') as string[];
    expect(command.slice(0, command.indexOf('--import'))).toEqual(IMAGE_NODE_OPTIONS);
  });

  it('leaves health to the probes', () => {
    expect(DockerfileParser.parse(text).getHEALTHCHECKs()).toEqual([]);
  });

  it('names a version of every base image', () => {
    for (const from of DockerfileParser.parse(text).getFROMs()) {
      expect(from.getImageTag()).toMatch(/\d|nonroot/);
    }
  });

  it('copies from the context what the ignore file lets through, and nothing else', () => {
    const copied = stagesOf(text)
      .flatMap(({ instructions }) => instructions)
      .filter((instruction) => instruction.getKeyword() === 'COPY')
      .map((instruction) => copyArguments(instruction as Copy))
      .filter(({ from }) => from === undefined)
      .flatMap(({ sources }) => sources);
    const letThrough = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(ignored).toContain('*');
    expect([...new Set(copied)].sort()).toEqual(letThrough.sort());
  });
});

interface ComposeService {
  readonly build?: { readonly args: Readonly<Record<string, string>> };
  readonly environment: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly env_file?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly networks: readonly string[];
}

describe('compose.yaml', () => {
  const compose = parse(readFileSync(join(ROOT, 'deploy/docker/compose.yaml'), 'utf8'), { merge: true });

  it('runs every service without root, read-only and without capabilities', () => {
    for (const [name, service] of Object.entries<Record<string, unknown>>(compose.services)) {
      expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']]);
      expect([name, service.user]).not.toEqual([name, expect.stringMatching(/^(0|root)\b/)]);
    }
  });

  it('gives each app settings that it has, with values that it accepts, and its vendor’s file of credentials', async () => {
    const apps = Object.entries<ComposeService>(compose.services).filter(([, { build }]) => build !== undefined);
    expect(apps.map(([name]) => name).sort()).toEqual(
      readdirSync(join(ROOT, 'apps'))
        .filter((app) => !['cli', 'generator', 'sandbox'].includes(app))
        .sort(),
    );
    for (const [name, { build, environment, env_file }] of apps) {
      expect(build?.args.APP).toBe(name);
      const schema = await settingsOf(name);
      const known = Object.keys(schema).map(environmentName);
      // `${NAME:-default}` and `${NAME:?message}` are what the shell gives.
      const given = Object.entries(environment).map(([key, value]) => [
        key,
        value.replace(/^\$\{\w+:-([^}]*)\}$/, '$1').replace(/^\$\{\w+:\?[^}]*\}$/, 'aperture=0123456789abcdef'),
      ]);
      expect([
        name,
        given.map(([key]) => key).filter((key) => !known.includes(key ?? '') && !key?.startsWith('OTEL_')),
      ]).toEqual([name, []]);
      const vendor = /^enricher-(.+)$/.exec(name)?.[1];
      expect([name, env_file]).toEqual([name, vendor === undefined ? undefined : [`${vendor}.env`]]);
      if (vendor === undefined) expect(() => loadSettings(schema, Object.fromEntries(given))).not.toThrow();
    }
  });

  it('leads every app to services that it has', () => {
    for (const { environment = {}, depends_on = [], networks } of Object.values<ComposeService>(compose.services)) {
      const hosts = Object.values(environment).flatMap(
        (value) => /^(?:(?:redis|https?):\/\/)?([a-z]+):\d+$/.exec(value)?.[1] ?? [],
      );
      expect([...hosts, ...depends_on].filter((host) => !(host in compose.services))).toEqual([]);
      expect(networks).toEqual(['mesh']);
    }
  });

  it('brings dashboards, alerts and traces by the profile observe', async () => {
    const docker = join(ROOT, 'deploy/docker');
    const observing = Object.entries<ComposeService>(compose.services).filter(([, { profiles }]) =>
      profiles?.includes('observe'),
    );
    expect(observing.map(([name]) => name).sort()).toEqual(['collector', 'grafana', 'jaeger', 'prometheus']);
    for (const [name, { volumes = [] }] of observing) {
      for (const volume of volumes)
        expect([name, volume, existsSync(join(docker, volume.split(':')[0] ?? ''))]).toEqual([name, volume, true]);
    }
    const read = (file: string) => readFileSync(join(docker, 'observe', file), 'utf8');
    const scrapes = parse(read('prometheus.yaml'), { merge: true }).scrape_configs as {
      dns_sd_configs: { names: string[] }[];
    }[];
    const scraped = scrapes.flatMap(({ dns_sd_configs }) => dns_sd_configs.flatMap(({ names }) => names));
    const apps = Object.entries<ComposeService>(compose.services).filter(([, { build }]) => build !== undefined);
    expect(scraped.sort()).toEqual([...apps.map(([name]) => name), 'pdp'].sort());
    const folder = await mkdtemp(join(tmpdir(), 'iris-compose-'));
    const config = join(folder, 'prometheus.yaml');
    await writeFile(config, read('prometheus.yaml').replace('/etc/iris/alerts.yaml', ALERTS_FILE));
    const promtool = process.env.IRIS_PROMTOOL ?? 'promtool';
    await expect(promisify(execFile)(promtool, ['check', 'config', config])).resolves.toMatchObject({ stderr: '' });
    await rm(folder, { recursive: true });
    for (const { type, url } of parse(read('datasources.yaml')).datasources) {
      expect([type, new URL(url).hostname in compose.services]).toEqual([type, true]);
    }
    const { exporters, service } = parse(read('collector.yaml'));
    expect(Object.values<{ endpoint: string }>(exporters).map(({ endpoint }) => endpoint.split(':')[0])).toEqual([
      'jaeger',
    ]);
    expect(service.pipelines.traces.exporters).toEqual(Object.keys(exporters));
  });

  it('publishes nothing beyond this machine', () => {
    for (const service of Object.values<{ ports?: string[] }>(compose.services)) {
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});
