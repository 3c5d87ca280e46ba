import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import { guardrailResponseSchema } from '@iris/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, PRODUCTION, postHook, preRequest, type Reply } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const CLIENTS = 3;

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({ root: process.cwd() });
}, 180_000);
afterAll(() => mesh?.close());

/** Sends hooks without pause while something happens, and gives every reply. */
async function underTraffic(happening: () => Promise<void>): Promise<Reply[]> {
  const replies: Reply[] = [];
  let over = false;
  const client = async () => {
    while (!over) {
      const login = replies.length % 2 === 0 ? 'ana@lumen.example' : 'ben@lumen.example';
      replies.push(await postHook(mesh.gateways[0], preRequest({ login, tool: SQL, input: PRODUCTION })));
      await sleep(10);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  try {
    await happening();
  } finally {
    over = true;
    await Promise.all(clients);
  }
  return replies;
}

function expectAllAnswered(replies: readonly Reply[]): void {
  expect(replies.length).toBeGreaterThan(0);
  for (const { status, body } of replies) {
    expect(status).toBe(200);
    expect(guardrailResponseSchema.safeParse(body).success).toBe(true);
  }
}

async function expectAnaPasses(): Promise<void> {
  expect(await ask(mesh, { login: 'ana@lumen.example', tool: SQL, input: PRODUCTION })).toBe('passed');
}

describe('under traffic', () => {
  it('answers every hook while Redis is killed and comes back empty', async () => {
    const replies = await underTraffic(async () => {
      await eventually(expectAnaPasses);
      await mesh.redis?.kill();
      await sleep(1500);
      await mesh.redis?.start();
      await eventually(async () => {
        const health = await fetch(`${mesh.gateways[0]?.url}/readyz`);
        expect(await health.json()).toMatchObject({ cache: { redis: 'ok' } });
      });
    });
    expectAllAnswered(replies);
    await eventually(expectAnaPasses);
  }, 90_000);

  it('answers every hook while Redis accepts connections and does not answer', async () => {
    const replies = await underTraffic(async () => {
      mesh.redis?.freeze();
      await sleep(1500);
      mesh.redis?.thaw();
    });
    expectAllAnswered(replies);
    await eventually(expectAnaPasses);
  }, 90_000);

  it('blocks, with the reason, while the PDP is killed, and decides again when it is back', async () => {
    const replies = await underTraffic(async () => {
      await mesh.pdp.process.kill();
      await sleep(1000);
      await mesh.restartPdp();
    });
    expectAllAnswered(replies);
    const blocked = replies.filter(({ body }) => body.action === 'block');
    expect(blocked.length).toBeGreaterThan(0);
    for (const { body } of blocked) expect(body.message).toMatch(/\[(pdp_unavailable|pdp_timeout)\]$/);
    await eventually(expectAnaPasses);
  }, 90_000);
});
