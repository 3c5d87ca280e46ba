import { type ContextWriter, principalField, principalKey } from '@iris/context-cache';
import type { SourceId, SourceSettings, Subject } from '@iris/contracts';
import type { AnswerChain } from '../answer-chain.js';
import type { VendorSource, WebhookReply, WebhookRequest } from '../enricher-definition.js';
import type { Logger } from '../logger.js';

export interface WebhookOptions {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly source: VendorSource;
  readonly writer?: ContextWriter;
  readonly chain: AnswerChain;
  readonly logger: Logger;
}

/** Takes a vendor's pushes: the entries of whom they speak of are dropped in every replica and read again. */
export class WebhookReceiver {
  constructor(private readonly options: WebhookOptions) {}

  /** Whether the source takes pushes at all. */
  get offered(): boolean {
    return this.options.source.webhook !== undefined;
  }

  /**
   * The reply to a push. 503 when the change cannot be told to every replica, so that the vendor sends it again.
   */
  async receive(request: WebhookRequest): Promise<WebhookReply> {
    const reply = (await this.options.source.webhook?.(request)) ?? { status: 404 };
    const changed = reply.changed ?? [];
    try {
      await Promise.all(changed.map((subject) => this.drop(subject)));
    } catch {
      this.options.logger.warn(
        { source: this.options.id, reason: 'cache_unavailable' },
        'a push could not be passed on',
      );
      return { status: 503 };
    }
    for (const subject of changed) this.readAgain(subject);
    return reply;
  }

  private async drop(subject: Subject): Promise<void> {
    const { id, settings, writer } = this.options;
    const field = principalField(id, settings.subject, subject);
    if (writer === undefined || field === undefined) return;
    await writer.drop({ key: principalKey(subject.principal), field }, Date.now());
  }

  /**
   * Not waited for: vendors give a push few seconds, and its entry is gone already. A fault of the vendor is logged
   * where it happens.
   */
  private readAgain(subject: Subject): void {
    const { id, chain, writer } = this.options;
    chain
      .refresh({ source: id, subject, askedAt: Date.now() })
      .then(() => writer?.invalidate(principalKey(subject.principal)))
      .catch(() => {});
  }
}
