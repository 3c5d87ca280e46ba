import { isJsonObject } from '@iris/contracts';
import {
  abortable,
  type LookupResult,
  pagedRows,
  refuseReportedError,
  sameAddress,
  type VendorCall,
  VendorError,
  type VendorHttp,
} from '@iris/enricher-kit';
import { type RestWorker, readCell, readRestWorker, resolveWorker, restWorkerRecord } from './workday.mapper.js';
import type { WorkdaySettings } from './workday.settings.js';
import type { WorkerReader } from './worker-reader.js';

/** The largest page. */
const PAGE_SIZE = 100;
/** By how many workers pages overlap: workers who leave meanwhile move the others. */
const OVERLAP = 5;
/** Most records of one address that are read; more are no person's. */
const MAX_RECORDS = 10;
/** Longest time in which the list is read, in ms. */
const LIST_TIMEOUT_MS = 900_000;

interface WorkerList {
  readonly workers: readonly RestWorker[];
  /** Whether a worker was left out, who may have any address. */
  readonly hasUnreadable: boolean;
}

/**
 * Reads workers from the staffing REST API. It finds by name only, so the list of workers, which has the e-mail
 * addresses, is read and kept for a while. Who has left is not in the list.
 */
export class WorkdayStaffing implements WorkerReader {
  private readonly path: string;
  private readonly keepMs: number;
  private readonly zone: string;
  private readonly listed: 'active' | undefined;
  private directory?: { readonly list: Promise<WorkerList>; readonly until: number };

  constructor(
    private readonly http: VendorHttp,
    settings: WorkdaySettings,
  ) {
    const tenant = encodeURIComponent(settings['workday.tenant']);
    this.path = `ccx/api/staffing/${settings['workday.staffingVersion']}/${tenant}/workers`;
    this.keepMs = settings['workday.directorySeconds'] * 1000;
    this.zone = settings['workday.timeZone'];
    this.listed = settings['workday.listedStatus'] === 'active' ? 'active' : undefined;
  }

  /** The worker of a work e-mail; of several records the current one by its dates. */
  async find(address: string, call: VendorCall): Promise<LookupResult> {
    const { workers, hasUnreadable } = await this.list(call);
    const own = workers.filter((worker) => hasAddress(worker, address));
    if (own.length > MAX_RECORDS) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    if (own.length === 0 && hasUnreadable) {
      throw new VendorError('bad_response', 'Workday lists a worker that is not understood');
    }
    const details = await Promise.all(own.map(({ id }) => this.detail(id, address, own.length > 1, call)));
    const records = details
      .filter((worker) => worker !== undefined)
      .map((worker) => {
        const record = restWorkerRecord(worker, this.listed, this.zone, call.now);
        if (record === undefined) throw new VendorError('bad_response', 'Workday sent a date that cannot be read');
        return record;
      });
    const resolved = resolveWorker(records);
    return 'reason' in resolved ? { status: 'NOT_FOUND', reason: resolved.reason } : { status: 'FOUND', ...resolved };
  }

  /** @returns undefined when the worker has left since the list was read */
  private async detail(
    id: string,
    address: string,
    withDates: boolean,
    call: VendorCall,
  ): Promise<RestWorker | undefined> {
    const path = `${this.path}/${encodeURIComponent(id)}`;
    const isNotFound = (status: number) => status === 404;
    const { status, json } = await this.http.get(path, { signal: call.signal, isNotFound });
    if (status === 404) return undefined;
    refuseReportedError(json, 'Workday');
    const worker = readRestWorker(json);
    if (worker?.id !== id || !hasAddress(worker, address)) {
      throw new VendorError('bad_response', 'Workday sent another worker than asked for');
    }
    const hasDates = worker.hireDate !== undefined || worker.terminationDate !== undefined;
    return withDates && !hasDates ? { ...worker, ...(await this.serviceDates(path, call)) } : worker;
  }

  /** The dates of an employment; none where the tenant does not give them. */
  private async serviceDates(
    path: string,
    { signal }: VendorCall,
  ): Promise<Pick<RestWorker, 'hireDate' | 'terminationDate'>> {
    const isNotFound = (status: number) => status === 404 || status === 403 || status === 400;
    const { json } = await this.http.get(`${path}/serviceDates`, { signal, isNotFound });
    const list = isJsonObject(json) && Array.isArray(json.data) ? json.data : [json];
    const dates = list.length === 1 ? list[0] : undefined;
    return { hireDate: readCell(dates, 'hireDate'), terminationDate: readCell(dates, 'terminationDate') };
  }

  /**
   * The list, read once for all who wait. The read continues when they leave, because in a large tenant it takes longer
   * than a lookup may; a list that could not be read is not kept.
   */
  private async list(call: VendorCall): Promise<WorkerList> {
    if (this.directory === undefined || this.directory.until <= call.now) {
      const list = this.readAll();
      const directory = { list, until: call.now + this.keepMs };
      this.directory = directory;
      list.catch(() => {
        if (this.directory === directory) this.directory = undefined;
      });
    }
    return abortable(this.directory.list, call.signal);
  }

  private async readAll(): Promise<WorkerList> {
    const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
    let total = 0;
    const read = async (offset: string) => {
      const { json } = await this.http.get(this.path, { query: { limit: PAGE_SIZE, offset }, signal });
      refuseReportedError(json, 'Workday');
      if (!isJsonObject(json) || !Array.isArray(json.data) || !Number.isInteger(json.total)) {
        throw new VendorError('bad_response', 'Workday sent no list of workers');
      }
      total = json.total as number;
      const isLast = Number(offset) + PAGE_SIZE >= total;
      return { rows: json.data, next: isLast ? undefined : String(Number(offset) + PAGE_SIZE - OVERLAP) };
    };
    const keyOf = (row: unknown) => readRestWorker(row)?.id;
    const workers: RestWorker[] = [];
    let count = 0;
    for await (const row of pagedRows({ list: 'workers of Workday', first: '0', read, keyOf, signal })) {
      count += 1;
      const worker = readRestWorker(row);
      if (worker !== undefined) workers.push(worker);
    }
    if (count < total) throw new VendorError('bad_response', `Workday gave ${count} of ${total} workers`);
    return { workers, hasUnreadable: workers.length < count };
  }
}

function hasAddress({ primaryWorkEmail }: RestWorker, address: string): boolean {
  return typeof primaryWorkEmail === 'string' && sameAddress(primaryWorkEmail, address);
}
