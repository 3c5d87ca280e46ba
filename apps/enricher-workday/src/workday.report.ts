import { canonicalPrincipal as canonical } from '@iris/context-cache';
import {
  type BulkRead,
  type GetOptions,
  type LookupResult,
  refuseReportedError,
  sameAddress,
  subjectOfAddress,
  type VendorCall,
  VendorError,
  type VendorHttp,
  WHOLE_LIST_TIMEOUT_MS,
} from '@iris/enricher-kit';
import {
  type Columns,
  REPORT_ROWS,
  readCell,
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

  async find(address: string, call: VendorCall): Promise<LookupResult> {
    const query = { format: 'json', [this.prompt]: address };
    const rows = await this.rows(this.path, { query, signal: call.signal });
    const workers = rows.map((row) => this.read(row, call.now));
    const own = withSameWorker(workersOf(address, workers), workers);
    // A report that ignores the prompt holds others; one that obeys it holds nobody else, so a row without the address
    // is the person's too.
    const hasOthers = workers.some(({ email }) => email !== undefined && !sameAddress(email, address));
    if (rows.length > 0 && (own.length === 0 || (!hasOthers && own.length < workers.length))) {
      throw new VendorError('bad_response', 'the report of Workday holds other workers than asked for');
    }
    return findingOf(own);
  }

  /**
   * Everybody with a work e-mail. A row that cannot be read is left out, and so is everybody of its address or worker:
   * it may be the record that counts.
   */
  private async *readEverybody(path: string, call: VendorCall): BulkRead {
    const workers: WorkerRecord[] = [];
    const unclear = new Set<string>();
    const onRow = (row: unknown) => {
      const worker = readWorker(row, this.columns, this.zone, call.now);
      if (worker !== undefined) workers.push(worker);
      else {
        call.leftOut?.('workers');
        for (const cell of [readCell(row, this.columns.email), readCell(row, this.columns.workerId)]) {
          if (typeof cell === 'string') unclear.add(canonical(cell));
        }
      }
    };
    await this.rows(path, {
      query: { format: 'json' },
      signal: call.signal,
      timeoutMs: WHOLE_LIST_TIMEOUT_MS,
      rows: { list: REPORT_ROWS, onRow },
    });
    const byWorker = Map.groupBy(workers, ({ workerId }) => workerId);
    const byEmail = Map.groupBy(workers, ({ email }) => canonical(email ?? ''));
    for (const [address, records] of byEmail) {
      const subject = subjectOfAddress(address);
      const own = [...new Set(records.flatMap(({ workerId }) => ofPerson(byWorker.get(workerId) ?? [], address)))];
      const isUnclear = unclear.has(address) || own.some(({ workerId }) => unclear.has(canonical(workerId)));
      if (subject !== undefined && !isUnclear) yield { subject, result: findingOf(own) };
    }
  }

  private async rows(path: string, request: GetOptions): Promise<readonly unknown[]> {
    const { json } = await this.http.get(path, request);
    refuseReportedError(json, 'Workday');
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

/** Rows of a worker that show no address belong to the person too. */
function withSameWorker(own: readonly WorkerRecord[], workers: readonly WorkerRecord[]): readonly WorkerRecord[] {
  const ids = new Set(own.map(({ workerId }) => workerId));
  return [...own, ...workers.filter(({ email, workerId }) => email === undefined && ids.has(workerId))];
}

function ofPerson(records: readonly WorkerRecord[], address: string): WorkerRecord[] {
  return records.filter(({ email }) => email === undefined || canonical(email) === address);
}

function findingOf(records: readonly WorkerRecord[]): LookupResult {
  const resolved = resolveWorker(records);
  if ('reason' in resolved) return { status: 'NOT_FOUND', reason: resolved.reason };
  return { status: 'FOUND', ...resolved };
}
