import type { DecisionLog } from '@iris/decision-log';

/** How long an answer is used, in ms: probes come often. */
const KEPT_MS = 2000;

/** Whether the decision log answers. */
export class LogWatch {
  private asked = 0;
  private last: Promise<boolean> | undefined;

  constructor(private readonly log: Pick<DecisionLog, 'since'>) {}

  answers(now = Date.now()): Promise<boolean> {
    if (this.last === undefined || now - this.asked > KEPT_MS) {
      this.asked = now;
      this.last = this.log.since(undefined).then(
        () => true,
        () => false,
      );
    }
    return this.last;
  }
}
