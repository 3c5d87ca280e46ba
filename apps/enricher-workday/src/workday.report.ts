import type { Subject } from '@iris/contracts';
import {
  type BulkItem,
  type Finding,
  type GetOptions,
  subjectOfAddress,
  type VendorCall,
  VendorError,
  type VendorHttp,
  WHOLE_LIST_TIMEOUT_MS,
} from '@iris/enricher-kit';
import {
  type Columns,
  readAddress,
  readReport,
  readWorker,
  resolveWorker,
  type WorkerRecord,
  workersOf,
} from './workday.mapper.js';
import { needed, reportColumns, type WorkdaySettings } from './workday.settings.js';
import type { WorkerReader } from './worker-reader.js';

/** Reads workers from reports as a service: one of a single worker, by a prompt, and if configured one of all. */
export class WorkdayReport implements WorkerReader {
  readonly bulk?: WorkerReader['bulk'];
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
    const pathOf = (report: string) =>
      `ccx/service/customreport2/${[settings['workday.tenant'], owner, report].map(encodeURIComponent).join('/')}`;
    this.path = pathOf(needed(settings, 'workday.report', 'workday.mode'));
    const snapshot = settings['workday.snapshotReport'];
    if (snapshot !== undefined) this.bulk = (call) => this.readEverybody(pathOf(snapshot), call);
  }

  async find(address: string, call: VendorCall): Promise<Finding> {
    const query = { format: 'json', [this.prompt]: address };
    const rows = await this.rows(this.path, { query, signal: call.signal });
    const workers = rows.map((row) => this.read(row, call.now));
    const own = workersOf(address, workers);
    // A report that ignores the prompt, or lacks the column, may hold the person under another name.
    if (rows.length > 0 && own.length === 0) {
      throw new VendorError('bad_response', 'the report of Workday holds other workers than asked for');
    }
    return findingOf(own);
  }

  /** Everybody with a work e-mail. A person with a row that cannot be read is left out: it may be the one that counts. */
  private async *readEverybody(path: string, call: VendorCall): AsyncGenerator<BulkItem> {
    const people = new Map<string, { subject: Subject; records: (WorkerRecord | undefined)[] }>();
    const request = { query: { format: 'json' }, signal: call.signal, timeoutMs: WHOLE_LIST_TIMEOUT_MS };
    for (const row of await this.rows(path, request)) {
      const subject = subjectOfAddress(readAddress(row, this.columns) ?? '');
      if (subject === undefined) continue;
      const person = people.get(subject.principal) ?? { subject, records: [] };
      person.records.push(readWorker(row, this.columns, this.zone, call.now));
      people.set(subject.principal, person);
    }
    for (const { subject, records } of people.values()) {
      const readable = records.filter((record) => record !== undefined);
      if (readable.length === records.length) yield { subject, finding: findingOf(readable) };
    }
  }

  private async rows(path: string, request: GetOptions): Promise<readonly unknown[]> {
    const { json } = await this.http.get(path, request);
    const rows = readReport(json);
    if (rows === undefined) throw new VendorError('bad_response', 'Workday sent a report without Report_Entry');
    return rows;
  }

  private read(row: unknown, now: number): WorkerRecord {
    const worker = readWorker(row, this.columns, this.zone, now);
    if (worker === undefined) throw new VendorError('bad_response', 'the report of Workday holds an unreadable row');
    return worker;
  }
}

function findingOf(records: readonly WorkerRecord[]): Finding {
  const resolved = resolveWorker(records);
  if ('reason' in resolved) return { status: 'NOT_FOUND', reason: resolved.reason };
  return { status: 'FOUND', attributes: resolved.worker.attributes, endsAt: resolved.endsAt };
}
