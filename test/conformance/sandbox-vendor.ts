import { loadSettings, type SettingsSchema } from '@iris/config';
import type { Subject } from '@iris/contracts';
import type { EnricherDefinition, LookupResult, VendorSource } from '@iris/enricher-kit';
import { type ConformanceVendor, type FaultMode, RETRY_AFTER_SECONDS } from '@iris/enricher-kit/testing';
import type { FaultInput } from '@iris/simulation';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/sandbox.js';

export type { Sandbox };

/** One sandbox for all tests of a spec file; each test finds it as it was at the start. */
export class SharedSandbox {
  private started?: Promise<Sandbox>;

  /** The sandbox as it was at the start. */
  async fresh(): Promise<Sandbox> {
    this.started ??= startSandbox({ enforceLimits: false });
    const sandbox = await this.started;
    await sandbox.admin.reset();
    return sandbox;
  }

  async close(): Promise<void> {
    await (await this.started)?.close();
  }
}

/** An enricher's source over its simulated API. */
export function createSource<S extends SettingsSchema>(
  definition: EnricherDefinition<S>,
  environment: Readonly<Record<string, string>>,
): VendorSource {
  return definition.create(loadSettings(definition.settings, environment));
}

/** What a lookup finds now. */
export function lookup(source: VendorSource, subject: Subject): Promise<LookupResult> {
  return source.lookup(subject, { signal: AbortSignal.timeout(10_000), now: Date.now() });
}

/** The subject of a login of the sandbox's company, given by the part before the `@`. */
export function person(name: string): Subject {
  const loginName = `${name}@lumen.example`;
  return { principal: loginName, loginName };
}

/** The parts of a conformance vendor that every simulated API of the sandbox has. */
export function simulatedVendor(
  sandbox: Sandbox,
  vendor: keyof Sandbox['credentials'],
): Pick<ConformanceVendor, 'fault' | 'requests' | 'abandoned' | 'close'> {
  const calls = () => sandbox.admin.calls(vendor);
  return {
    fault: (mode) => sandbox.admin.setFaults(vendor, ...faultsOf(mode)),
    // A call is logged when it ends; until then it is only in the number of those that run at once.
    requests: () => Math.max(calls().total, calls().mostAtOnce),
    abandoned: () => calls().byStatus[0] ?? 0,
    close: async () => {},
  };
}

function faultsOf(mode: FaultMode): FaultInput[] {
  switch (mode) {
    case 'none':
      return [];
    case 'unauthorized':
      return [{ mode: 'answer', status: 401, body: '{"error":"unauthorized"}' }];
    case 'rate_limited':
      return [{ mode: 'answer', status: 429, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) }, body: '{}' }];
    case 'server_error':
      return [{ mode: 'error', status: 500 }];
    case 'html':
      return [{ mode: 'html', status: 200 }];
    case 'truncated':
      return [{ mode: 'truncated' }];
    case 'hang':
      return [{ mode: 'hang' }];
  }
}

/** All items of a bulk read, and what a lookup finds of each subject. */
export async function bulkBesideLookups(
  source: VendorSource,
): Promise<{ readonly subject: Subject; readonly bulk: LookupResult; readonly single: LookupResult }[]> {
  const items = [];
  const now = Date.now();
  const patience = () => AbortSignal.timeout(20_000);
  for await (const item of source.bulk?.({ signal: patience(), now }) ?? []) items.push(item);
  return Promise.all(
    items.map(async ({ subject, result }) => ({
      subject,
      bulk: result,
      single: await source.lookup(subject, { signal: patience(), now }),
    })),
  );
}
