import { PolicyIndex } from '@iris/policy-files';
import type { Logger } from '@iris/telemetry';

/** How long an index is used before the folder is read again, in ms. */
const KEPT_MS = 10_000;

/** The policies of the settings' folder, read again from time to time. */
export class PolicyReader {
  private index: PolicyIndex | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly folder: string,
    private readonly logger: Logger,
    private readonly keptMs = KEPT_MS,
  ) {}

  /** @returns undefined while the folder has never been readable: then decisions are shown without the text of rules */
  current(now = performance.now()): PolicyIndex | undefined {
    if (now - this.readAt < this.keptMs) return this.index;
    this.readAt = now;
    try {
      this.index = new PolicyIndex(this.folder);
    } catch (error) {
      this.logger.warn({ err: error, folder: this.folder }, 'the policies cannot be read; the last ones are shown');
    }
    return this.index;
  }
}
