import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openUpstreams } from './open-upstreams.js';
import { readUpstreamFile, resolveValues } from './upstream-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-servers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'servers.yaml');
  writeFileSync(path, text);
  return path;
}

describe('readUpstreamFile', () => {
  it('reads servers of both kinds, with defaults', () => {
    const path = file('servers: [{ id: a, url: "http://127.0.0.1/mcp" }, { id: b, command: node }]');
    expect(readUpstreamFile(path)).toMatchObject([
      { id: 'a', timeoutSeconds: 60, headers: {} },
      { id: 'b', args: [], maxProcesses: 32 },
    ]);
  });

  it.each([
    ['servers: []', 'servers: must list at least one server'],
    ['servers: [{ id: a }]', 'a server has an id and either url or command'],
    ['servers: [{ id: a, command: node, timeout: 5 }]', 'servers.0: Unrecognized key: "timeout"'],
    ['servers: [{ id: a_b, command: node }]', 'servers.0.id: must be the id of a server'],
    ['servers: [{ id: a, url: "ftp://x" }]', 'servers.0.url: Invalid URL'],
    ['servers: [{ id: a, url: "http://x", headers: { Mcp-Name: { value: x } } }]', 'is a header that the gateway sets'],
    ['servers: [{ id: a, command: x }, { id: A, command: y }]', 'two servers have the id a'],
  ])('refuses %s', (text, problem) => {
    expect(() => readUpstreamFile(file(text))).toThrow(problem);
  });
});

describe('credentials', () => {
  it('come from a variable or a file, which is read each time', () => {
    const path = join(folder, 'token');
    writeFileSync(path, 'one\n');
    const values = { A: { env: 'TOKEN', prefix: 'Bearer ' }, B: { file: path, prefix: '' }, C: { value: 'plain' } };
    expect(resolveValues(values, { TOKEN: 't' })).toEqual({ A: 'Bearer t', B: 'one', C: 'plain' });
    writeFileSync(path, 'two');
    expect(resolveValues(values, { TOKEN: 't' }).B).toBe('two');
  });

  it('stop the start when they are missing', () => {
    const path = file('servers: [{ id: a, url: "http://x", headers: { Authorization: { env: TOKEN } } }]');
    expect(() => openUpstreams(path, {})).toThrow('Authorization: the variable TOKEN is not set');
  });
});
