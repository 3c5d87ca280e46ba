import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EvidenceMesh } from '../chaos/evidence-mesh.js';
import { runIris } from './run-iris.js';

interface Listed {
  readonly total: number;
  readonly batches: { id: string; records: number; reason: string; recordIds: string[] }[];
}

let mesh: EvidenceMesh;

beforeAll(async () => {
  mesh = await EvidenceMesh.start();
  mesh.endpoint.answer = () => 422;
  await mesh.auditor();
  const gateway = mesh.gateway();
  await mesh.more(40);
  // Its batches stay in Redis and in the spool.
  await gateway.terminate();
  await eventually(async () => expect((await list()).total).toBeGreaterThan(1));
});
afterAll(() => mesh?.stop());

function iris(...args: string[]) {
  return runIris(['evidence', 'dead-letters', ...args, '--json', '--redis', mesh.redis.url]);
}

async function list(): Promise<Listed> {
  return (await iris('list', '--limit', '1000')).json<Listed>();
}

describe('batches that a sink has refused', () => {
  it('are listed with what the sink said, exit code 1', async () => {
    const listed = await list();
    expect(listed.batches[0]?.reason).toBe('http: the endpoint answered 422');
    expect(mesh.acknowledged()).toEqual(expect.arrayContaining(listed.batches[0]?.recordIds ?? ['none']));
    expect((await iris('list')).code).toBe(1);
  });

  it('are given up one by one', async () => {
    const [batch] = (await list()).batches;
    expect(await iris('discard', batch?.id ?? '')).toMatchObject({ code: 0 });
    expect((await list()).batches.map(({ id }) => id)).not.toContain(batch?.id);
    const again = await iris('discard', batch?.id ?? '');
    expect([again.code, again.json()]).toEqual([1, { discarded: false }]);
    expect(await iris('redrive', batch?.id ?? '')).toMatchObject({ code: 1 });
  });

  it('reach the sink when they are driven again', async () => {
    const { total, batches } = await list();
    mesh.endpoint.answer = () => 200;
    expect((await iris('redrive')).json()).toEqual({ redriven: total });
    const waiting = batches.flatMap(({ recordIds }) => recordIds);
    await eventually(async () => expect(mesh.overHttp().ids).toEqual(expect.arrayContaining(waiting)));
    await eventually(async () => expect(await iris('list')).toMatchObject({ code: 0 }));
  });
});
