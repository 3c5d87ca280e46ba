import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { CheckResourcesRequest } from '@cerbos/core';
import type { EvidenceRecord } from '@iris/evidence';
import type { FloorAnswer, FloorOrder } from './floor-process.js';

/** A Node process with nothing but a client of the PDP in it. */
export class FloorClient {
  private constructor(private readonly child: ChildProcess) {}

  static async start(target: string, request: CheckResourcesRequest): Promise<FloorClient> {
    const client = new FloorClient(fork('dist/test/bench/floor-process.js'));
    await client.order({ target, request });
    return client;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Makes so many checks, so many at once, and returns their times in ms. */
  check(count: number, concurrency: number): Promise<FloorAnswer> {
    return this.order({ count, concurrency });
  }

  close(): void {
    this.child.disconnect();
  }

  private async order(order: FloorOrder): Promise<FloorAnswer> {
    const answer = once(this.child, 'message');
    this.child.send(order);
    const [times] = await answer;
    return times as FloorAnswer;
  }
}

/** The check that a recorded decision was made by. */
export function checkOf(record: EvidenceRecord): CheckResourcesRequest {
  const { principal, resource, action, policy, replay } = record;
  if (resource === undefined || action === undefined) throw new Error('a record of a decision is needed');
  return {
    requestId: record.requestKey,
    includeMetadata: true,
    principal: { id: principal.id, roles: principal.roles, attr: principal.attr },
    resources: [
      {
        resource: { ...resource, policyVersion: policy.version, scope: replay?.scope ?? '' },
        actions: [action],
      },
    ],
  };
}
