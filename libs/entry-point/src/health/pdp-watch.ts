import { isJsonObject } from '@iris/contracts';
import { type GoldenChecks, type GoldenReport, type Pdp, runGoldenChecks } from '@iris/pdp';
import { type Logger, setGauge } from '@iris/telemetry';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { revisionNumber } from './revision-number.js';

export interface PdpWatchOptions {
  readonly checks: GoldenChecks;
  readonly requireStrict: boolean;
  readonly policyVersion: string;
}

/** How long the checks may take, in ms. */
const TIMEOUT_MS = 2000;
const INTERVAL_READY_MS = 10_000;
const INTERVAL_UNREADY_MS = 500;

/**
 * Watches the PDP: asks the golden checks again and again, and reads which revision of the policies is in force.
 */
@Injectable()
export class PdpWatch implements OnApplicationShutdown {
  private report: GoldenReport = { reachable: false, failures: ['the PDP was not asked yet'] };
  private policyRevision = '';
  private pdpVersion: string | undefined;
  private hasBeenReady = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private lastSaid = '';

  constructor(
    private readonly pdp: Pdp,
    private readonly options: PdpWatchOptions,
    private readonly logger: Logger,
  ) {}

  /** The revision that the policies state of themselves; empty when they state none. */
  get revision(): string {
    return this.policyRevision;
  }

  /** Version and commit of the PDP; undefined before it has stated them. */
  get version(): string | undefined {
    return this.pdpVersion;
  }

  /** Whether it was ready since the start. */
  get wasReady(): boolean {
    return this.hasBeenReady;
  }

  /** Why no decision can be accepted decisions; empty when it can. */
  get faults(): readonly string[] {
    if (this.report.strict === false && !this.options.requireStrict) {
      return this.report.failures.filter((failure) => !failure.startsWith('an unknown fact'));
    }
    return this.report.failures;
  }

  get ready(): boolean {
    return this.report.reachable && this.faults.length === 0;
  }

  /** Asks for the first time, then keeps asking in the background. */
  async start(): Promise<void> {
    await this.ask();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    this.report = await runGoldenChecks(this.pdp, this.options.checks, TIMEOUT_MS);
    if (this.report.reachable) {
      this.policyRevision = await this.readRevision();
      this.pdpVersion = await this.pdp.version(TIMEOUT_MS).catch(() => this.pdpVersion);
    }
    if (this.ready) this.hasBeenReady = true;
    setGauge('iris.pdp.ready', this.ready ? 1 : 0, {});
    setGauge('iris.pdp.revision', revisionNumber(this.policyRevision), {});
    this.say();
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.ask(), this.ready ? INTERVAL_READY_MS : INTERVAL_UNREADY_MS);
    this.timer.unref();
  }

  private async readRevision(): Promise<string> {
    try {
      const [result] = await this.pdp.check(
        {
          principal: { id: 'golden', roles: ['user'], attr: {} },
          resources: [{ kind: 'iris_probe', id: 'revision', action: 'revision', attr: {} }],
          policyVersion: 'default',
          scope: '',
          requestId: 'golden: revision',
        },
        { timeoutMs: TIMEOUT_MS },
      );
      for (const { value } of result?.outputs ?? []) {
        if (isJsonObject(value) && typeof value.revision === 'string') return value.revision;
      }
      return '';
    } catch {
      return this.policyRevision;
    }
  }

  /** Once per change, since the same error would otherwise fill the log. */
  private say(): void {
    const state = this.ready ? `ready ${this.report.strict} ${this.policyRevision}` : this.faults.join('; ');
    if (state === this.lastSaid) return;
    this.lastSaid = state;
    if (this.ready) this.logger.info({ revision: this.policyRevision }, 'the PDP answers the golden checks');
    else this.logger.warn({ faults: this.faults }, 'the PDP does not answer the golden checks as expected');
    if (this.report.strict === false) {
      this.logger.error(
        { reason: 'pdp_not_strict' },
        'the PDP runs without strict evaluation, so a DENY rule on an unknown fact lets the call pass: set engine.strictEvaluation',
      );
    }
  }
}
