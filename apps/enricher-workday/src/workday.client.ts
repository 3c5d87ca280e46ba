import type { SettingsValues } from '@iris/config';
import type { Subject } from '@iris/contracts';
import { type LookupResult, loginKey, type VendorCall, VendorHttp, type VendorSource } from '@iris/enricher-kit';
import { WorkdayReport } from './workday.report.js';
import { type WorkdaySettings, workdayCredentials, type workdaySettings } from './workday.settings.js';
import { WorkdayStaffing } from './workday.staffing.js';
import type { WorkerReader } from './worker-reader.js';

/** Largest answer, in bytes: a report of all workers comes in one. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Reads workers from Workday. */
export class WorkdaySource implements VendorSource {
  private readonly http: VendorHttp;
  private readonly reader: WorkerReader;
  readonly bulk?: WorkerReader['bulk'];

  constructor(settings: SettingsValues<typeof workdaySettings>) {
    this.http = createHttp(settings);
    this.reader =
      settings['workday.mode'] === 'raas'
        ? new WorkdayReport(this.http, settings)
        : new WorkdayStaffing(this.http, settings);
    this.bulk = this.reader.bulk;
  }

  async lookup(subject: Subject, call: VendorCall): Promise<LookupResult> {
    const login = loginKey(subject);
    return 'refused' in login ? login.refused : this.reader.find(login.key, call);
  }

  async close(): Promise<void> {
    await this.http.close();
  }
}

function createHttp(settings: WorkdaySettings): VendorHttp {
  return new VendorHttp({
    baseUrl: settings['workday.url'],
    auth: workdayCredentials(settings),
    timeoutMs: settings['workday.requestTimeoutMs'],
    maxBytes: MAX_BYTES,
  });
}
