import { count, type Logger } from '@iris/telemetry';
import { type DecisionNotice, noticeOf, type Trigger } from './decision-notice.js';
import type { NotificationMemory } from './notification-memory.js';
import { type SlackMessage, slackMessage, slackText } from './slack-message.js';

export interface NotifierOptions {
  readonly memory: NotificationMemory;
  readonly triggers: ReadonlySet<Trigger>;
  /** Messages of all auditors within an hour of the clock. */
  readonly maxPerHour: number;
  readonly spike: {
    /** How many times the usual rate the denials of 5 minutes must reach. */
    readonly factor: number;
    /** Least number of denials in 5 minutes. */
    readonly minimum: number;
  };
  /** @throws Error when the endpoint does not take the message */
  post(message: SlackMessage): Promise<void>;
  readonly logger: Logger;
}

/** Batches that wait to be looked at; more are left out, so that a slow endpoint or Redis costs no memory. */
const MAX_WAITING = 100;

/** Sends notifications of decisions. Delivery of evidence neither waits for it nor depends on it. */
export class DecisionNotifier {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly options: NotifierOptions) {}

  /** Looks at the records of a delivered batch, one as JSON each. Returns at once and never throws. */
  delivered(lines: readonly string[]): void {
    if (this.waiting >= MAX_WAITING) {
      count('iris.notifications', { outcome: 'left_out' });
      return;
    }
    this.waiting += 1;
    this.last = this.last
      .then(() => this.consider(lines))
      .catch((error: Error) => {
        this.options.logger.warn({ detail: error.message }, 'no notification of decisions could be sent');
      })
      .finally(() => {
        this.waiting -= 1;
      });
  }

  /** Resolves when what was delivered has been looked at. */
  settled(): Promise<void> {
    return this.last;
  }

  private async consider(lines: readonly string[]): Promise<void> {
    const { memory, triggers } = this.options;
    const notices = lines.map(noticeOf).filter((notice) => notice !== undefined);
    for (const notice of notices) {
      if (triggers.has('first_denial_of_rule')) {
        for (const rule of notice.rules) {
          await this.firstOf('first_denial_of_rule', rule, () => firstDenial(rule, notice));
        }
      }
      if (triggers.has('uncategorised_tool') && notice.category === 'uncategorised' && notice.tool !== undefined) {
        const { tool } = notice;
        await this.firstOf('uncategorised_tool', tool, () => newTool(tool, notice));
      }
    }
    if (!triggers.has('denial_spike')) return;
    const minutes = new Map<number, number>();
    for (const { denied, time } of notices) {
      if (denied) minutes.set(Math.floor(time / 60_000), (minutes.get(Math.floor(time / 60_000)) ?? 0) + 1);
    }
    for (const [minute, denials] of minutes) await memory.countDenials(minute * 60_000, denials);
    if (minutes.size > 0) await this.considerSpike();
  }

  private async firstOf(trigger: Trigger, name: string, text: () => string): Promise<void> {
    const { memory } = this.options;
    if (!(await memory.isNew(trigger, name))) return;
    await this.send(trigger, text()).catch(async (error: unknown) => {
      await memory.forget(trigger, name);
      throw error;
    });
  }

  private async considerSpike(): Promise<void> {
    const { memory, spike } = this.options;
    const { recent, usual } = await memory.denialRate(Date.now());
    if (recent < spike.minimum || recent < spike.factor * usual || !(await memory.claimSpike())) return;
    const text = `${recent} denials in 5 minutes, ${Math.round(usual)} are usual in the hour before.`;
    await this.send('denial_spike', text).catch(async (error: unknown) => {
      await memory.releaseSpike();
      throw error;
    });
  }

  private async send(trigger: Trigger, text: string): Promise<void> {
    const { memory, maxPerHour, post } = this.options;
    if (!(await memory.claimMessage(maxPerHour))) {
      await memory.countSuppressed();
      count('iris.notifications', { outcome: 'suppressed' });
      return;
    }
    try {
      await post(slackMessage(text, await memory.takeSuppressed()));
      count('iris.notifications', { outcome: 'sent' });
    } catch (error) {
      count('iris.notifications', { outcome: 'failed' });
      throw new Error(`${trigger}: ${(error as Error).message}`);
    }
  }
}

function firstDenial(rule: string, notice: DecisionNotice): string {
  const mode = notice.enforced ? 'enforced' : 'only observed';
  return `first denial by the rule \`${slackText(rule)}\`: tool \`${slackText(notice.tool ?? 'none')}\`, reason ${slackText(notice.reason)}, ${mode}.${hint(notice)}`;
}

function newTool(tool: string, notice: DecisionNotice): string {
  return `a tool without a category was called: \`${slackText(tool)}\`, ${notice.denied ? 'denied' : 'allowed'}. Add it to the tool catalog.${hint(notice)}`;
}

function hint({ requestId }: DecisionNotice): string {
  return requestId === undefined ? '' : ` Details: \`iris why ${slackText(requestId)}\``;
}
