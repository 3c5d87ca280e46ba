import type { RedisConnection } from '@iris/context-cache';
import { checkLine } from '@iris/evidence';
import { count, type Logger } from '@iris/telemetry';

/** How long the end of a chain is remembered after its last link, in s. */
const END_SECONDS = 7 * 86_400;

interface End {
  readonly seq: number;
  readonly hash: string;
}

type Break = 'changed' | 'missing' | 'unlinked';

/**
 * Follows the hash chains of the gateways as their batches come, and reports a break at once. A gateway has one batch in
 * flight, so its links come in order; a batch that comes again is passed over. `iris evidence verify` is the proof: this
 * sees neither what a sink loses nor a chain whose end Redis has lost.
 */
export class ChainWatch {
  constructor(
    private readonly redis: RedisConnection,
    private readonly logger: Logger,
  ) {}

  /** Checks the lines of a batch. Never throws: without Redis nothing is checked. */
  async follow(batch: string, lines: readonly string[]): Promise<void> {
    try {
      const ends = new Map<string, End | undefined>();
      const moved = new Set<string>();
      for (const line of lines) {
        const checked = checkLine(JSON.parse(line));
        if (checked.kind === 'unreadable') this.report(batch, 'changed', 'a line is neither a record nor a head');
        if (checked.kind === 'unreadable' || checked.kind === 'unchained') continue;
        const { link } = checked;
        if (!ends.has(link.id)) ends.set(link.id, await this.endOf(link.id));
        const end = ends.get(link.id);
        if (end !== undefined && link.seq <= end.seq) continue;
        if (checked.kind === 'changed') this.report(batch, 'changed', checked.detail);
        if (end !== undefined && link.seq !== end.seq + 1) {
          this.report(batch, 'missing', `links ${end.seq + 1} to ${link.seq - 1} of ${link.id} are not there`);
        } else if (end !== undefined && link.prev !== end.hash) {
          this.report(batch, 'unlinked', `link ${link.seq} of ${link.id} does not follow from the one before`);
        }
        ends.set(link.id, { seq: link.seq, hash: link.hash });
        moved.add(link.id);
      }
      for (const id of moved) {
        const { seq, hash } = ends.get(id) as End;
        await this.redis.set(keyOf(id), `${seq} ${hash}`, 'EX', END_SECONDS);
      }
    } catch (error) {
      this.logger.warn({ batch, detail: (error as Error).message }, 'the chain of a batch is not checked');
    }
  }

  private async endOf(id: string): Promise<End | undefined> {
    const [seq, hash] = (await this.redis.get(keyOf(id)))?.split(' ') ?? [];
    return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
  }

  private report(batch: string, kind: Break, detail: string): void {
    count('iris.evidence.chain_breaks', { kind });
    this.logger.error({ batch, kind }, `the chain of evidence is broken: ${detail}`);
  }
}

function keyOf(chain: string): string {
  return `iris:evidence:chain:${chain}`;
}
