import { type Finding, type VendorCall, VendorError, type VendorHttp } from '@iris/enricher-kit';
import { type Columns, readReport, readWorker, resolveWorker, type WorkerRecord, workersOf } from './workday.mapper.js';
import { needed, reportColumns, type WorkdaySettings } from './workday.settings.js';

/** Reads workers from reports as a service. */
export class WorkdayReport {
  private readonly columns: Columns;
  private readonly zone: string;
  private readonly path: string;
  private readonly prompt: string;

  constructor(
    private readonly http: VendorHttp,
    settings: WorkdaySettings,
  ) {
    this.columns = reportColumns(settings);
    this.zone = settings['workday.timeZone'];
    this.prompt = settings['workday.emailPrompt'];
    const owner = needed(settings, 'workday.reportOwner', 'workday.mode');
    this.path = `ccx/service/customreport2/${[settings['workday.tenant'], owner, needed(settings, 'workday.report', 'workday.mode')].map(encodeURIComponent).join('/')}`;
  }

  /** The worker of a work e-mail, from the report with the prompt. */
  async find(address: string, call: VendorCall): Promise<Finding> {
    const query = { format: 'json', [this.prompt]: address };
    const { json } = await this.http.get(this.path, { query, signal: call.signal });
    const rows = readReport(json);
    if (rows === undefined) throw new VendorError('bad_response', 'Workday sent a report without Report_Entry');
    const workers = rows.map((row) => this.read(row, call.now));
    const own = workersOf(address, workers);
    // A report that ignores the prompt, or lacks the column, may hold the person under another name.
    if (rows.length > 0 && own.length === 0) {
      throw new VendorError('bad_response', 'the report of Workday holds other workers than asked for');
    }
    const resolved = resolveWorker(own);
    if ('reason' in resolved) return { status: 'NOT_FOUND', reason: resolved.reason };
    return { status: 'FOUND', attributes: resolved.worker.attributes, endsAt: resolved.endsAt };
  }

  private read(row: unknown, now: number): WorkerRecord {
    const worker = readWorker(row, this.columns, this.zone, now);
    if (worker === undefined) throw new VendorError('bad_response', 'the report of Workday holds an unreadable row');
    return worker;
  }
}
