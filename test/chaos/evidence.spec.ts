import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isSigned } from '../../apps/auditor/test/http-endpoint.js';
import { EvidenceMesh, type MeshProcess } from './evidence-mesh.js';
import { mountSmall } from './small-disk.js';

/** Longer than a test. */
const NO_NEW_SEGMENT_MS = 600_000;
const SINK_AWAY_MS = 3000;
const IS_ROOT = process.getuid?.() === 0;

let mesh: EvidenceMesh;

beforeEach(async () => {
  mesh = await EvidenceMesh.start();
});
afterEach(() => mesh.stop());

/** What a gateway reports while it ends. */
function lastWords(gateway: MeshProcess): { bytes: number; refused: number; notAccepting: number } {
  const line = /^end (.*)$/m.exec(gateway.output())?.[1];
  if (line === undefined) throw new Error(`the gateway did not end well: ${gateway.output()}`);
  return JSON.parse(line);
}

/**
 * Ends the load, waits for the delivery of the rest, and reconciles: both sinks have every acknowledged record, and
 * nothing else but, per killed gateway, one that was written and not acknowledged.
 */
async function reconcile(gateway: MeshProcess, killed = 0): Promise<void> {
  expect(await gateway.terminate()).toBe(0);
  expect(lastWords(gateway).bytes).toBe(0);
  const acknowledged = mesh.acknowledged();
  expect(acknowledged.length).toBeGreaterThan(500);
  for (const { ids } of [await mesh.inFiles(), mesh.overHttp()]) {
    const delivered = new Set(ids);
    expect(acknowledged.filter((id) => !delivered.has(id))).toEqual([]);
    const known = new Set(acknowledged);
    expect(ids.filter((id) => !known.has(id)).length).toBeLessThanOrEqual(killed);
    // One session's records are a part of this sequence, so their order is kept too.
    expect(ids.filter((id) => known.has(id))).toEqual(acknowledged);
  }
}

describe('every acknowledged record is delivered', () => {
  it('when nothing fails, once', async () => {
    await mesh.auditor();
    const gateway = mesh.gateway();
    await mesh.more(1000);
    await reconcile(gateway);
    expect((await mesh.inFiles()).repeats + mesh.overHttp().repeats).toBe(0);
    expect(mesh.endpoint.taken.every((request) => isSigned(request, 'a-shared-signing-key'))).toBe(true);
  });

  it('when the gateway is killed again and again', async () => {
    await mesh.auditor();
    for (let round = 0; round < 3; round += 1) {
      const gateway = mesh.gateway();
      await mesh.more(400);
      await gateway.kill();
    }
    const last = mesh.gateway();
    await mesh.more(200);
    await reconcile(last, 3);
  });

  it('when the auditor is killed again and again', async () => {
    const gateway = mesh.gateway();
    let auditor = await mesh.auditor();
    await mesh.more(300);
    await auditor.kill();
    auditor = await mesh.auditor();
    // It holds a batch for certain when it is killed, because the sink does not take it.
    const open = await mesh.closeSink();
    await mesh.more(300);
    await auditor.kill();
    await open();
    await mesh.auditor();
    await mesh.more(100);
    await reconcile(gateway);
  });

  it('when Redis is killed and comes back empty', async () => {
    const gateway = mesh.gateway();
    await mesh.more(300);
    // A batch is in Redis for certain, because nobody takes it yet.
    await mesh.redis.kill();
    await mesh.redis.start();
    await mesh.auditor();
    for (let round = 0; round < 2; round += 1) {
      await mesh.more(200);
      await mesh.redis.kill();
      await mesh.more(200);
      await mesh.redis.start();
    }
    await mesh.more(200);
    await reconcile(gateway);
  });

  it('when a sink is unavailable for a while', async () => {
    await mesh.auditor();
    const gateway = mesh.gateway();
    await mesh.more(300);
    const open = await mesh.closeSink();
    await mesh.more(300);
    await sleep(SINK_AWAY_MS);
    await open();
    await mesh.more(100);
    await reconcile(gateway);
    expect((await mesh.inFiles()).repeats).toBe(0);
  });

  it('when gateway, auditor and Redis are killed in turns', async () => {
    let auditor = await mesh.auditor();
    let gateway = mesh.gateway();
    for (let round = 0; round < 2; round += 1) {
      await mesh.more(200);
      await mesh.redis.kill();
      await gateway.kill();
      gateway = mesh.gateway();
      await mesh.more(200);
      await auditor.kill();
      await mesh.redis.start();
      auditor = await mesh.auditor();
      await mesh.more(200);
    }
    await reconcile(gateway, 2);
  });

  it('when the spool reaches its limit: it warns before, refuses, and continues when there is room', async () => {
    const gateway = mesh.gateway({ maxBytes: 200_000, recordsPerTick: 10 });
    await refusals(gateway, 'SpoolFullError');
    await mesh.auditor();
    await mesh.more(500);
    await reconcile(gateway);
    const { refused, notAccepting } = lastWords(gateway);
    expect(notAccepting).toBeGreaterThanOrEqual(refused);
  });

  (IS_ROOT ? it : it.skip)('when the disk of the spool is full', async () => {
    const unmount = mountSmall(mesh.spool, 256 * 1024);
    try {
      // A file that stays open continues behind the place where a write broke off.
      const gateway = mesh.gateway({ recordsPerTick: 10, segmentMs: NO_NEW_SEGMENT_MS });
      await refusals(gateway, 'ENOSPC');
      await mesh.auditor();
      await mesh.more(500);
      await reconcile(gateway);
      expect(lastWords(gateway).notAccepting).toBeGreaterThan(0);
    } finally {
      unmount();
    }
  });
});

async function refusals(gateway: MeshProcess, cause: string): Promise<void> {
  await eventually(async () => expect(gateway.output()).toContain(`refused ${cause}`));
}
