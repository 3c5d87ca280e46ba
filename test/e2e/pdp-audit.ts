import { readFile } from 'node:fs/promises';
import { eventually } from '@iris/context-cache/testing';
import type { Mesh } from '../../apps/sandbox/src/mesh/mesh.js';

/** What the PDP was asked, as its own audit log reports. */
export interface Asked {
  readonly requestId: string;
  readonly action: string;
}

interface AuditEntry {
  readonly checkResources?: { readonly inputs: readonly { readonly requestId: string; readonly actions: string[] }[] };
  readonly planResources?: { readonly input: { readonly requestId: string; readonly actions: string[] } };
}

/** Reads the audit log of a mesh's PDP; the mesh must be started with `pdpEnv` of `auditTo(file)`. */
export class PdpAudit {
  private barriers = 0;

  constructor(
    private readonly mesh: Mesh,
    private readonly file: string,
  ) {}

  /** Everything asked until now, golden checks left out. */
  async asked(): Promise<{ checks: Asked[]; plans: Asked[] }> {
    await this.barrier();
    const entries = await this.entries();
    const asked = (input: { requestId: string; actions: string[] }): Asked => ({
      requestId: input.requestId,
      action: input.actions[0] ?? '',
    });
    const checks = entries.flatMap(({ checkResources }) => checkResources?.inputs ?? []).map(asked);
    const plans = entries.flatMap(({ planResources }) => planResources?.input ?? []).map(asked);
    return { checks: checks.filter(({ requestId }) => !/^(golden|barrier)/.test(requestId)), plans };
  }

  /** The log is written in the order of the calls: what was asked before the barrier stands before it. */
  private async barrier(): Promise<void> {
    this.barriers += 1;
    const requestId = `barrier-${this.barriers}`;
    await fetch(`${this.mesh.pdp.httpUrl}/api/check/resources`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        requestId,
        principal: { id: 'barrier', roles: ['user'] },
        resources: [{ actions: ['allow'], resource: { kind: 'iris_probe', id: requestId } }],
      }),
    });
    await eventually(async () => {
      if (!(await readFile(this.file, 'utf8')).includes(`"requestId":"${requestId}"`)) throw new Error('not yet');
    });
  }

  private async entries(): Promise<AuditEntry[]> {
    const lines = (await readFile(this.file, 'utf8')).split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEntry);
  }
}

/** Environment of a PDP that logs its decisions to a file. */
export function auditTo(file: string): Record<string, string> {
  return { IRIS_PDP_AUDIT: 'true', IRIS_PDP_AUDIT_PATH: file };
}
