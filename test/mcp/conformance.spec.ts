import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { runConformance } from './conformance-run.js';
import { type OpenServer, openConformanceServer } from './conformance-server/open-conformance-server.js';
import { type IdentityProxy, openIdentityProxy } from './identity-proxy.js';
import { ANA, type McpMesh, openTools, startMcpMesh } from './mcp-mesh.js';

/** Checks whose result through the gateway may differ, with the reason. */
const exceptions: Readonly<Record<string, string>> =
  parse(readFileSync(new URL('./conformance-exceptions.yaml', import.meta.url), 'utf8')) ?? {};

let server: OpenServer;
let proxy: IdentityProxy;
let mesh: McpMesh;

beforeAll(async () => {
  server = await openConformanceServer();
  const listed = { server: { id: 'conformance', url: server.url }, catalog: openTools('conformance', '*') };
  // The suite names itself as a client; the shipped policies sanction agents alone.
  mesh = await startMcpMesh([listed], { mcpEnv: { IRIS_MODE_BY_CATEGORY: '{"documents":"observe"}' } });
  proxy = await openIdentityProxy(mesh.gateway.url, ANA);
});
afterAll(async () => {
  await mesh?.close();
  await proxy?.close();
  await server?.close();
});

describe('the official conformance suite', () => {
  it.each([
    ['2025-11-25', 30],
    ['2026-07-28', 37],
  ])('has the same result through the gateway as directly, at %s', async (revision, scenarios) => {
    const direct = await runConformance(server.url, revision);
    const through = await runConformance(`${proxy.url}/mcp/conformance`, revision);
    expect(new Set(Object.keys(direct).map((key) => key.split(':')[0])).size).toBeGreaterThanOrEqual(scenarios);
    const differing = [...new Set([...Object.keys(direct), ...Object.keys(through)])].filter(
      (key) => direct[key] !== through[key] && !Object.hasOwn(exceptions, key),
    );
    expect(differing.map((key) => [key, direct[key], through[key]])).toEqual([]);
    const passed = Object.values(through).filter((status) => status === 'SUCCESS').length;
    process.stdout.write(`conformance ${revision}: ${Object.keys(through).length} checks equal, ${passed} pass\n`);
  });
});
