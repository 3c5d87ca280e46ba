import type { EntryAddress } from './entry.js';

/** How often due drops are looked for, in ms. */
const CHECK_MS = 1000;
/** For how long a drop is repeated, in ms: a failover of Sentinel or of a cluster has ended by then. */
const REPEATED_MS = 60_000;
/** How many drops are repeated at once; the oldest go first. */
const MAX_DROPS = 2000;

interface Drop {
  readonly address: EntryAddress;
  /** Epoch ms that the drop speaks of. */
  readonly droppedAt: number;
  /** By the monotonic clock, in ms. */
  readonly takenAt: number;
  /** By the monotonic clock, in ms. */
  dueAt: number;
}

/**
 * Repeats drops after 1, 2, 4 ... s for a minute, and each second while Redis fails. Replication is asynchronous: a new
 * primary may not have what the old one confirmed, and would serve the old fact until it ends. A drop that is already
 * there, or that something newer replaced, changes nothing.
 */
export class RecentDrops {
  private readonly drops = new Map<string, Drop>();
  private timer: NodeJS.Timeout | undefined;
  private busy = false;

  /** @param repeat puts a drop once more; rejects while Redis fails */
  constructor(private readonly repeat: (address: EntryAddress, droppedAt: number) => Promise<void>) {}

  /** How many drops are being repeated. */
  get size(): number {
    return this.drops.size;
  }

  add(address: EntryAddress, droppedAt: number): void {
    const id = `${address.key} ${address.field}`;
    const now = performance.now();
    this.drops.delete(id);
    this.drops.set(id, { address, droppedAt, takenAt: now, dueAt: now + CHECK_MS });
    const [oldest] = this.drops.keys();
    if (this.drops.size > MAX_DROPS && oldest !== undefined) this.drops.delete(oldest);
    this.timer ??= setInterval(() => void this.repeatDue(), CHECK_MS).unref();
  }

  stop(): void {
    this.drops.clear();
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async repeatDue(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    for (const [id, drop] of this.drops) {
      const now = performance.now();
      if (now - drop.takenAt > REPEATED_MS) this.drops.delete(id);
      if (now < drop.dueAt) continue;
      try {
        await this.repeat(drop.address, drop.droppedAt);
        drop.dueAt = drop.takenAt + 2 * (now - drop.takenAt);
      } catch {
        // Due again at the next look; the others would fail in the same way.
        break;
      }
    }
    this.busy = false;
    if (this.drops.size === 0) this.stop();
  }
}
