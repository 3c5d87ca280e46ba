import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import { guardrailResponseSchema } from '@iris/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, PRODUCTION, postHook, preRequest, type Reply } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const CLIENTS = 3;
/** Hooks that are answered while something is unavailable. */
const STRUCK = 60;

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({ root: process.cwd(), gatewayEnv: { IRIS_HOOK_BUDGET_MS: '5000' } });
});
afterAll(() => mesh?.close());

/** Sends hooks without pause while something happens, and gives every reply. */
async function underTraffic(happening: (replies: readonly Reply[]) => Promise<void>): Promise<Reply[]> {
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
    await happening(replies);
  } finally {
    over = true;
    await Promise.all(clients);
  }
  return replies;
}

/** Waits until the traffic got so many more replies. */
async function more(replies: readonly Reply[], count: number): Promise<void> {
  const goal = replies.length + count;
  await eventually(async () => expect(replies.length).toBeGreaterThanOrEqual(goal));
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
    const replies = await underTraffic(async (seen) => {
      await eventually(expectAnaPasses);
      await mesh.redis?.kill();
      await more(seen, STRUCK);
      await mesh.redis?.start();
      await eventually(async () => {
        const health = await fetch(`${mesh.gateways[0]?.url}/readyz`);
        expect(await health.json()).toMatchObject({ cache: { redis: 'ok' } });
      });
    });
    expectAllAnswered(replies);
    await eventually(expectAnaPasses);
  });

  it('answers every hook while Redis accepts connections and does not answer', async () => {
    const replies = await underTraffic(async (seen) => {
      mesh.redis?.freeze();
      await more(seen, STRUCK);
      mesh.redis?.thaw();
    });
    expectAllAnswered(replies);
    await eventually(expectAnaPasses);
  });

  it('blocks, with the reason, while the PDP is killed, and decides again when it is back', async () => {
    const replies = await underTraffic(async (seen) => {
      await mesh.pdp.process.kill();
      await more(seen, STRUCK);
      await mesh.restartPdp();
    });
    expectAllAnswered(replies);
    const blocked = replies.filter(({ body }) => body.action === 'block');
    expect(blocked.length).toBeGreaterThan(0);
    for (const { body } of blocked) expect(body.message).toMatch(/\[(pdp_unavailable|pdp_timeout)\]$/);
    await eventually(expectAnaPasses);
  });
});
