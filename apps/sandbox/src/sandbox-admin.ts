import type { Company, Fault, FaultInput, SandboxClock, SimulatedServer, VendorCalls } from '@iris/simulation';
import type { VendorName } from './vendor-name.js';

/** What a test or a demonstration can change in the running sandbox. */
export class SandboxAdmin {
  readonly #vendors: Readonly<Record<VendorName, SimulatedServer>>;
  readonly #latencyMs: (vendor: VendorName) => number;

  constructor(
    /** The facts, and the verbs that change them. */
    readonly company: Company,
    readonly clock: SandboxClock,
    vendors: Readonly<Record<VendorName, SimulatedServer>>,
    latencyMs: (vendor: VendorName) => number,
  ) {
    this.#vendors = vendors;
    this.#latencyMs = latencyMs;
  }

  faults(vendor: VendorName): readonly Fault[] {
    return this.#vendors[vendor].faults;
  }

  /**
   * Replaces the faults; without any the vendor has recovered.
   *
   * @throws ZodError
   */
  async setFaults(vendor: VendorName, ...faults: readonly FaultInput[]): Promise<void> {
    await this.#vendors[vendor].setFaults(faults);
  }

  setLatency(vendor: VendorName, latencyMs: number): void {
    this.#vendors[vendor].latencyMs = latencyMs;
  }

  calls(vendor: VendorName): VendorCalls {
    return this.#vendors[vendor].calls.read();
  }

  clearCalls(): void {
    for (const vendor of Object.values(this.#vendors)) vendor.calls.clear();
  }

  /** Resets company, clock, faults, latencies, limits and call logs to their state at the start. */
  async reset(): Promise<void> {
    this.clock.setOffset(0);
    this.company.reset();
    for (const [name, vendor] of Object.entries(this.#vendors)) await vendor.reset(this.#latencyMs(name as VendorName));
  }
}
