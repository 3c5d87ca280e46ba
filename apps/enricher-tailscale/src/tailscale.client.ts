import { isJsonObject, type JsonObject, type Subject } from '@iris/contracts';
import {
  type BulkRead,
  type LookupResult,
  refuseReportedError,
  subjectOfAddress,
  type VendorCall,
  VendorError,
  VendorHttp,
  type VendorSource,
  WHOLE_LIST_TIMEOUT_MS,
} from '@iris/enricher-kit';
import { DeviceDirectory, type DeviceList } from './tailscale.directory.js';
import {
  deviceAttributes,
  type ManagedRule,
  type Posture,
  readDevice,
  readPosture,
  type TailscaleDevice,
} from './tailscale.mapper.js';
import { managedRule, type TailscaleSettings, tailscaleCredentials } from './tailscale.settings.js';
import { readWebhook } from './tailscale.webhook.js';

/** Largest answer, in bytes: the devices of a large tailnet come in one. */
const MAX_BYTES = 256 * 1024 * 1024;
/** How many devices are asked for their posture at once in a bulk read: it is in no list. */
const BULK_CONCURRENCY = 5;

/** A device that is not connected and was not seen in this time, in ms, is read when it is asked for. */
const SEEN_LATELY_MS = 24 * 60 * 60 * 1000;

/** Reads devices and their posture over Tailscale's API. */
export class TailscaleSource implements VendorSource {
  private readonly http: VendorHttp;
  private readonly rule: ManagedRule;
  private readonly directory = new DeviceDirectory((signal) => this.readList({ signal }));
  readonly webhook?: VendorSource['webhook'];

  constructor(settings: TailscaleSettings) {
    this.rule = managedRule(settings);
    const secret = settings['tailscale.webhookSecret'];
    if (secret !== undefined) {
      this.webhook = async (request) => {
        const reply = readWebhook(request, secret, Date.now());
        if ((reply.events?.length ?? 0) > 0) this.directory.forget();
        return reply;
      };
    }
    this.http = new VendorHttp({
      baseUrl: settings['tailscale.url'],
      auth: tailscaleCredentials(settings),
      timeoutMs: settings['tailscale.requestTimeoutMs'],
      maxBytes: MAX_BYTES,
    });
  }

  async lookup(subject: Subject, call: VendorCall): Promise<LookupResult> {
    const { nodeId } = subject;
    if (nodeId === undefined || !isNodeId(nodeId)) return { status: 'NOT_FOUND', reason: 'subject_invalid' };
    const listed = this.directory.find(nodeId, call);
    if (listed !== undefined) {
      const posture = await this.posture(nodeId, call);
      // A device without attributes may have been deleted since the list was read.
      if (posture !== undefined) return { ...this.resultFor(listed.device, posture), readAt: listed.readAt };
    }
    const [answer, posture] = await Promise.all([
      this.http.get(`device/${nodeId}`, { signal: call.signal, isNotFound, query: { fields: 'all' } }),
      this.posture(nodeId, call),
    ]);
    if (answer.status === 404) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    refuseReportedError(answer.json, 'Tailscale');
    const device = readDevice(answer.json);
    if (device === undefined) throw new VendorError('bad_response', 'Tailscale sent no device');
    if (device.nodeId !== nodeId) throw new VendorError('bad_response', 'Tailscale sent another device than asked for');
    return this.resultFor(device, posture);
  }

  /**
   * All devices that are connected or were seen lately: the list in one request, and one request for the posture of
   * each. Devices that this replica was asked about come first.
   */
  async *bulk(call: VendorCall): BulkRead {
    const { devices } = await this.readList(call);
    const inUse = devices.filter((device) => isNodeId(device.nodeId) && isInUse(device, call.now));
    inUse.sort((one, other) => this.directory.askedAt(other.nodeId) - this.directory.askedAt(one.nodeId));
    for (let first = 0; first < inUse.length; first += BULK_CONCURRENCY) {
      const batch = inUse.slice(first, first + BULK_CONCURRENCY);
      const postures = await Promise.all(batch.map(({ nodeId }) => this.posture(nodeId, call)));
      for (const [index, device] of batch.entries()) {
        const subject = subjectOf(device);
        if (subject !== undefined) yield { subject, result: this.resultFor(device, postures[index]) };
      }
    }
  }

  private async readList({ signal, leftOut }: Pick<VendorCall, 'signal' | 'leftOut'>): Promise<DeviceList> {
    const devices: TailscaleDevice[] = [];
    const { json } = await this.http.get('tailnet/-/devices', {
      signal,
      query: { fields: 'all' },
      timeoutMs: WHOLE_LIST_TIMEOUT_MS,
      rows: {
        list: 'devices',
        onRow: (row) => {
          const device = readDevice(row);
          if (device !== undefined) devices.push(device);
          else leftOut?.('devices', isJsonObject(row) ? row.nodeId : undefined);
        },
      },
    });
    refuseReportedError(json, 'Tailscale');
    if (!isJsonObject(json) || !Array.isArray(json.devices)) {
      throw new VendorError('bad_response', 'Tailscale sent no devices');
    }
    return { devices };
  }

  /** Undefined when the API has none for the device. */
  private async posture(nodeId: string, call: VendorCall): Promise<Posture | undefined> {
    const answer = await this.http.get(`device/${nodeId}/attributes`, { signal: call.signal, isNotFound });
    if (answer.status === 404) return undefined;
    refuseReportedError(answer.json, 'Tailscale');
    const posture = readPosture(answer.json, call.now);
    if (posture === undefined) throw new VendorError('bad_response', 'Tailscale sent no posture attributes');
    return posture;
  }

  private resultFor(device: TailscaleDevice, posture: Posture | undefined): Extract<LookupResult, { status: 'FOUND' }> {
    return { status: 'FOUND', attributes: deviceAttributes(device, posture, this.rule), endsAt: posture?.endsAt };
  }

  recordsOf({ device }: JsonObject): string[] {
    return isJsonObject(device) && typeof device.id === 'string' ? [device.id] : [];
  }

  async close(): Promise<void> {
    this.directory.close();
    await this.http.close();
  }
}

function isNotFound(status: number): boolean {
  return status === 404;
}

/** A stable node id; a number alone is the older id, which a hook never carries. */
function isNodeId(text: string): boolean {
  return /^n[A-Za-z0-9]{1,62}$/.test(text);
}

/** A device that the API does not describe so is in use: reading it is no harm. */
function isInUse({ connected, lastSeen }: TailscaleDevice, now: number): boolean {
  return connected !== false || lastSeen === undefined || now - lastSeen < SEEN_LATELY_MS;
}

/** Whose hooks come from the device: its user's, or for a tagged node its own. */
function subjectOf({ nodeId, user, tags }: TailscaleDevice): Subject | undefined {
  if ((tags ?? []).length > 0) return { principal: nodeId, nodeId };
  const person = user === undefined ? undefined : subjectOfAddress(user);
  return person && { ...person, nodeId };
}
