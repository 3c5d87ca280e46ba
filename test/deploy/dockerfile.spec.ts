import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Copy, DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { copyArguments, stagesOf } from './dockerfile-steps.js';
import { ROOT } from './helm.js';

const text = readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8');
const ignored = readFileSync(join(ROOT, 'deploy/docker/Dockerfile.dockerignore'), 'utf8').split('\n');

describe('the Dockerfile', () => {
  it('has no fault that the linter knows', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  it('is linted at all: a fault is found', () => {
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

describe('compose.yaml', () => {
  const compose = parse(readFileSync(join(ROOT, 'deploy/docker/compose.yaml'), 'utf8'), { merge: true });

  it('runs every service without root, read-only and without capabilities', () => {
    for (const [name, service] of Object.entries<Record<string, unknown>>(compose.services)) {
      expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']]);
      expect([name, service.user]).not.toEqual([name, expect.stringMatching(/^(0|root)\b/)]);
    }
  });

  it('publishes nothing beyond this machine', () => {
    for (const service of Object.values<{ ports?: string[] }>(compose.services)) {
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});
