import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentName, loadSettings } from '@iris/config';
import { describe, expect, it } from '@jest/globals';
import { type Copy, DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
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
      expect([name, given.map(([key]) => key).filter((key) => !known.includes(key ?? ''))]).toEqual([name, []]);
      const vendor = /^enricher-(.+)$/.exec(name)?.[1];
      expect([name, env_file]).toEqual([name, vendor === undefined ? undefined : [`${vendor}.env`]]);
      if (vendor === undefined) expect(() => loadSettings(schema, Object.fromEntries(given))).not.toThrow();
    }
  });

  it('leads every app to services that it has', () => {
    for (const { environment = {}, depends_on = [], networks } of Object.values<ComposeService>(compose.services)) {
      const hosts = Object.values(environment).flatMap(
        (value) => /^(?:redis:\/\/)?([a-z]+):\d+$/.exec(value)?.[1] ?? [],
      );
      expect([...hosts, ...depends_on].filter((host) => !(host in compose.services))).toEqual([]);
      expect(networks).toEqual(['mesh']);
    }
  });

  it('publishes nothing beyond this machine', () => {
    for (const service of Object.values<{ ports?: string[] }>(compose.services)) {
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});
