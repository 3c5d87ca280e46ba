import { isJsonObject } from '@iris/contracts';
import {
  abortable,
  type Finding,
  sameAddress,
  type VendorCall,
  VendorError,
  type VendorHttp,
} from '@iris/enricher-kit';
import { type RestWorker, readRestWorker, restWorkerAttributes } from './workday.mapper.js';
import type { WorkdaySettings } from './workday.settings.js';
import type { WorkerReader } from './worker-reader.js';

/** The largest page. */
const PAGE_SIZE = 100;

/**
 * Reads workers from the staffing REST API. It finds by name only, so the list of workers, which has the e-mail
 * addresses, is read and kept for a while. Who has left is not in the list.
 */
export class WorkdayStaffing implements WorkerReader {
  private readonly path: string;
  private readonly keepMs: number;
  private directory?: { readonly workers: Promise<RestWorker[]>; readonly until: number };

  constructor(
    private readonly http: VendorHttp,
    settings: WorkdaySettings,
  ) {
    const tenant = encodeURIComponent(settings['workday.tenant']);
    this.path = `ccx/api/staffing/${settings['workday.staffingVersion']}/${tenant}/workers`;
    this.keepMs = settings['workday.directorySeconds'] * 1000;
  }

  /** The worker of a work e-mail. */
  async find(address: string, call: VendorCall): Promise<Finding> {
    const workers = (await this.workers(call)).filter((worker) => hasAddress(worker, address));
    const [only] = workers;
    if (only === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (workers.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    const answer = await this.http.get(`${this.path}/${encodeURIComponent(only.id)}`, {
      signal: call.signal,
      isNotFound: (status) => status === 404,
    });
    if (answer.status === 404) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    const worker = readRestWorker(answer.json);
    if (worker?.id !== only.id || !hasAddress(worker, address)) {
      throw new VendorError('bad_response', 'Workday sent another worker than asked for');
    }
    return { status: 'FOUND', attributes: restWorkerAttributes(worker) };
  }

  /**
   * The list, read once for all who wait. The read goes on when they leave, because in a large tenant it takes longer
   * than a lookup may; a list that could not be read is not kept.
   */
  private async workers(call: VendorCall): Promise<RestWorker[]> {
    if (this.directory === undefined || this.directory.until <= call.now) {
      const workers = this.readAll();
      this.directory = { workers, until: call.now + this.keepMs };
      workers.catch(() => {
        this.directory = undefined;
      });
    }
    return abortable(this.directory.workers, call.signal);
  }

  private async readAll(): Promise<RestWorker[]> {
    const workers: RestWorker[] = [];
    for (let offset = 0; ; offset += PAGE_SIZE) {
      const { json } = await this.http.get(this.path, { query: { limit: PAGE_SIZE, offset } });
      if (!isJsonObject(json) || !Array.isArray(json.data) || typeof json.total !== 'number') {
        throw new VendorError('bad_response', 'Workday sent no list of workers');
      }
      for (const entry of json.data) {
        const worker = readRestWorker(entry);
        if (worker === undefined) throw new VendorError('bad_response', 'Workday sent a worker without id');
        workers.push(worker);
      }
      if (offset + PAGE_SIZE >= json.total) return workers;
    }
  }
}

function hasAddress(worker: RestWorker, address: string): boolean {
  return worker.primaryWorkEmail !== undefined && sameAddress(worker.primaryWorkEmail, address);
}
