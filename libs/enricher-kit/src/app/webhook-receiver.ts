import { type PushMemory, principalKey } from '@iris/context-cache';
import type { SourceId, SourceSettings, Subject } from '@iris/contracts';
import type { AnswerChain } from '../answer-chain.js';
import type { VendorSource, WebhookEvent, WebhookReply, WebhookRequest } from '../enricher-definition.js';
import type { EnricherObserver } from '../enricher-observer.js';
import type { IdentityMap } from '../identity-map.js';
import type { EntryStore } from '../kept-entry.js';
import type { Logger } from '../logger.js';

export interface WebhookOptions {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly source: VendorSource;
  readonly identity: IdentityMap;
  /** Absent when no Redis is configured: a webhook then has an effect on the next read of this process only. */
  readonly shared?: EntryStore & { readonly pushes: PushMemory };
  readonly chain: AnswerChain;
  readonly observer: Pick<EnricherObserver, 'webhookHandled'>;
  readonly logger: Logger;
  /** Has everything read in bulk soon, where there is a bulk read. */
  readonly readAll: () => Promise<void>;
}

/**
 * Receives a vendor's webhooks. Their facts are not used: the entries of the subjects that they name are dropped in every
 * replica and read again, so the order in which webhooks come does not matter. An event that was dealt with is
 * acknowledged and changes nothing, since vendors deliver at least once and stop delivering to who refuses.
 */
export class WebhookReceiver {
  constructor(private readonly options: WebhookOptions) {}

  /** Whether the source takes webhooks at all. */
  get offered(): boolean {
    return this.options.source.webhook !== undefined;
  }

  /** The reply to a webhook. 503 when the change cannot be published to every replica, so that the vendor sends it again. */
  async receive(request: WebhookRequest): Promise<WebhookReply> {
    const { id, observer, logger } = this.options;
    const reply = (await this.options.source.webhook?.(request)) ?? { status: 404 };
    if (reply.status >= 400) {
      observer.webhookHandled('refused', 1);
      logger.warn({ source: id, reason: reply.body?.reason }, 'a webhook was refused');
      return reply;
    }
    try {
      for (const event of reply.events ?? []) await this.take(event);
    } catch {
      observer.webhookHandled('not_passed_on', 1);
      logger.warn({ source: id, reason: 'cache_unavailable' }, 'a webhook could not be passed on');
      return { status: 503 };
    }
    return reply;
  }

  private async take(event: WebhookEvent): Promise<void> {
    const { id, shared, observer } = this.options;
    let known: boolean | undefined;
    try {
      known = await shared?.pushes.knows(id, event.id);
    } catch (error) {
      // A drop is repeated until Redis is back, also for a vendor that does not send the event again.
      await Promise.allSettled(this.named(event).map((principal) => this.drop(principal)));
      throw error;
    }
    if (known === true) {
      observer.webhookHandled('repeated', 1);
      return;
    }
    const stale = (await Promise.all((await this.principals(event)).map((principal) => this.drop(principal)))).flat();
    if (event.everybody === true) await this.options.readAll();
    await shared?.pushes.remember(id, event.id);
    observer.webhookHandled('taken', 1);
    for (const subject of stale) this.readAgain(subject);
  }

  /** Whom an event speaks of: who is named, by all their logins, and whose entries were made of the named records. */
  private async principals(event: WebhookEvent): Promise<string[]> {
    const { id, shared } = this.options;
    const principals = new Set(this.named(event));
    for (const record of event.records ?? []) {
      for (const principal of (await shared?.records.principals(id, record)) ?? []) principals.add(principal);
    }
    return [...principals];
  }

  /** The people whom an event names, by all their logins. */
  private named({ subjects = [] }: WebhookEvent): string[] {
    const { settings, identity } = this.options;
    return subjects.flatMap(({ principal }) =>
      settings.subject === 'login' ? identity.loginsOf(principal) : [principal],
    );
  }

  /** Drops the source's entries of a principal, also one that is being read now. @returns what is to be read again */
  private async drop(principal: string): Promise<Subject[]> {
    const { id, settings, shared } = this.options;
    const key = principalKey(principal);
    const fields = settings.subject === 'login' ? [id] : ((await shared?.writer.fieldsOf(key, id)) ?? []);
    await Promise.all(fields.map((field) => shared?.writer.drop({ key, field }, Date.now())));
    if (settings.subject === 'login') return [{ principal, loginName: principal }];
    return fields.map((field) => ({ principal, nodeId: field.slice(id.length + 1) }));
  }

  /**
   * Not waited for: vendors give a webhook few seconds, and its entry is gone already. An error of the vendor is logged
   * where it happens.
   */
  private readAgain(subject: Subject): void {
    const { id, chain, shared } = this.options;
    chain
      .refresh({ source: id, subject, askedAt: Date.now() })
      .then(() => shared?.writer.invalidate(principalKey(subject.principal)))
      .catch(() => {});
  }
}
