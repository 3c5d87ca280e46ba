import type { Company } from '../company/company.js';
import type { SandboxClock } from '../company/sandbox-clock.js';
import type { VendorCalls } from './call-log.js';
import type { Fault, FaultInput } from './fault.js';
import { type OktaHookDelivery, type OktaHookTarget, sendOktaHook, verifyOktaHook } from './okta/okta-event-hook.js';
import { type PagerDutyWebhook, sendPagerDutyWebhook } from './pagerduty/pagerduty-webhook.js';
import { sendTailscaleWebhook, type TailscaleWebhook } from './tailscale/tailscale-webhook.js';
import type { VendorName } from './vendor-name.js';
import type { VendorServer } from './vendor-server.js';
import type { DeliveryAttempt } from './webhook-delivery.js';

/** Everything that a test or a demonstration can do to the running sandbox. */
export class SandboxAdmin {
  readonly #vendors: Readonly<Record<VendorName, VendorServer>>;
  readonly #latencyMs: (vendor: VendorName) => number;

  constructor(
    /** The facts, and the verbs that change them. */
    readonly company: Company,
    readonly clock: SandboxClock,
    vendors: Readonly<Record<VendorName, VendorServer>>,
    latencyMs: (vendor: VendorName) => number,
  ) {
    this.#vendors = vendors;
    this.#latencyMs = latencyMs;
  }

  faults(vendor: VendorName): readonly Fault[] {
    return this.#vendors[vendor].faults;
  }

  /**
   * Puts faults in place of those before; without any the vendor is well again.
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

  /** Sends the GET by which Okta asks whether an endpoint wants its event hooks. */
  verifyOktaHook(target: OktaHookTarget): Promise<{ status: number; verified: boolean }> {
    return verifyOktaHook(target);
  }

  /** @throws UnknownFactError */
  sendOktaHook(delivery: OktaHookDelivery): Promise<DeliveryAttempt[]> {
    return sendOktaHook(this.company, delivery);
  }

  /** @throws UnknownFactError */
  sendPagerDutyWebhook(webhook: PagerDutyWebhook): Promise<DeliveryAttempt[]> {
    return sendPagerDutyWebhook(this.company, webhook);
  }

  sendTailscaleWebhook(webhook: TailscaleWebhook): Promise<DeliveryAttempt[]> {
    return sendTailscaleWebhook(this.company, webhook);
  }

  /** Makes company, clock, faults, latencies, limits and call logs what they were at the start. */
  async reset(): Promise<void> {
    this.clock.setOffset(0);
    this.company.reset();
    for (const [name, vendor] of Object.entries(this.#vendors)) await vendor.reset(this.#latencyMs(name as VendorName));
  }
}
