import type { FaultInput } from '@iris/simulation';
import type { VendorName } from '../../../apps/sandbox/src/vendor-name.js';
import { BUDGET_MS, type ChaosMesh } from './chaos-mesh.js';
import type { ProxyMode } from './fault-proxy.js';

/** A way in which a vendor fails. */
export interface VendorFault {
  readonly name: string;
  strike(chaos: ChaosMesh, vendor: VendorName): Promise<void>;
  heal(chaos: ChaosMesh, vendor: VendorName): Promise<void>;
  /** Whether some requests get through, so that facts may be there or not. */
  readonly partly?: boolean;
}

function answers(name: string, fault: FaultInput, partly = false): VendorFault {
  return {
    name,
    partly,
    strike: ({ mesh }, vendor) => mesh.sandbox.admin.setFaults(vendor, fault),
    heal: ({ mesh }, vendor) => mesh.sandbox.admin.setFaults(vendor),
  };
}

function connections(name: string, mode: ProxyMode): VendorFault {
  const set = async (chaos: ChaosMesh, vendor: VendorName, to: ProxyMode) => {
    const proxy = chaos.toVendors[vendor];
    if (proxy === undefined) throw new Error('this mesh reaches its vendors directly');
    await proxy.set(to);
  };
  return {
    name,
    strike: (chaos, vendor) => set(chaos, vendor, mode),
    heal: (chaos, vendor) => set(chaos, vendor, { kind: 'pass' }),
  };
}

export const VENDOR_FAULTS: readonly VendorFault[] = [
  connections('down: connections are accepted and silent', { kind: 'silent' }),
  connections('connections are refused', { kind: 'refuse' }),
  answers('the connection is cut before the answer', { mode: 'reset' }),
  answers('slower than the budget', { mode: 'slow', delayMs: 2 * BUDGET_MS }),
  answers('never an answer', { mode: 'hang' }),
  answers('429 with its headers', { mode: 'rate_limited', resetSeconds: 1 }),
  answers('429 without headers', { mode: 'rate_limited', headers: 'none' }),
  answers('500', { mode: 'error' }),
  answers('a page with 200', { mode: 'html', status: 200 }),
  answers('a page with 502', { mode: 'html', status: 502 }),
  answers('broken JSON', { mode: 'truncated' }),
  connections('a certificate that nobody trusts', { kind: 'wrong_certificate' }),
  answers(
    'flapping: two of three requests get 503',
    { mode: 'error', status: 503, flapping: { fail: 2, pass: 1 } },
    true,
  ),
];
