import type { VendorCall } from '@iris/enricher-kit';
import type { TailscaleDevice } from './tailscale.mapper.js';

/** How long a list is used, in ms. */
const USED_MS = 300_000;
/** A list that is older is read again, in ms. */
const RENEWED_MS = 150_000;
/** After so many lookups in `RENEWED_MS` a list costs less than a second request for each. */
const WORTHWHILE_LOOKUPS = 10;
/** Most devices whose last lookup is remembered. */
const MAX_ASKED = 100_000;

/** The devices of the tailnet. */
export interface DeviceList {
  readonly devices: readonly TailscaleDevice[];
}

/**
 * Keeps the list of devices, so that a lookup reads the posture alone. It is read beside lookups, never before one: a
 * large list takes longer than a lookup may.
 */
export class DeviceDirectory {
  private list?: { readonly byNode: ReadonlyMap<string, TailscaleDevice>; readonly readAt: number };
  private readonly asked = new Map<string, number>();
  private readonly closing = new AbortController();
  private lookups = 0;
  private windowFrom = Number.NEGATIVE_INFINITY;
  private reading = false;
  private generation = 0;

  /** @param read the list; must end with the signal */
  constructor(private readonly read: (signal: AbortSignal) => Promise<DeviceList>) {}

  /** The device by the list, when that is new enough. */
  find(
    nodeId: string,
    { now, notBefore = Number.NEGATIVE_INFINITY }: Pick<VendorCall, 'now' | 'notBefore'>,
  ): { readonly device: TailscaleDevice; readonly readAt: number } | undefined {
    this.remember(nodeId, now);
    this.renewWhenWorthwhile(now);
    const { list } = this;
    if (list === undefined || list.readAt <= notBefore || now - list.readAt > USED_MS) return undefined;
    const device = list.byNode.get(nodeId);
    return device && { device, readAt: list.readAt };
  }

  /** When a device was asked for last, in epoch ms; 0 for never. */
  askedAt(nodeId: string): number {
    return this.asked.get(nodeId) ?? 0;
  }

  /** Something in the list has changed. */
  forget(): void {
    this.list = undefined;
    this.generation += 1;
  }

  close(): void {
    this.closing.abort();
  }

  private remember(nodeId: string, now: number): void {
    this.asked.delete(nodeId);
    this.asked.set(nodeId, now);
    const [oldest] = this.asked.keys();
    if (this.asked.size > MAX_ASKED && oldest !== undefined) this.asked.delete(oldest);
  }

  private renewWhenWorthwhile(now: number): void {
    if (now - this.windowFrom > RENEWED_MS) {
      this.windowFrom = now;
      this.lookups = 0;
    }
    this.lookups += 1;
    const age = now - (this.list?.readAt ?? Number.NEGATIVE_INFINITY);
    if (this.reading || age < RENEWED_MS || this.lookups < WORTHWHILE_LOOKUPS) return;
    this.reading = true;
    const { generation } = this;
    this.read(this.closing.signal)
      .then(({ devices }) => {
        if (generation !== this.generation) return;
        this.list = { byNode: new Map(devices.map((device) => [device.nodeId, device])), readAt: now };
      })
      // The lookups continue with two requests each; the next window tries again.
      .catch(() => {
        this.lookups = Number.NEGATIVE_INFINITY;
      })
      .finally(() => {
        this.reading = false;
      });
  }
}
