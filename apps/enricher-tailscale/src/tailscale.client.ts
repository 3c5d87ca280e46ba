import { isJsonObject, type JsonObject, type Subject } from '@iris/contracts';
import {
  type BulkItem,
  type Finding,
  subjectOfAddress,
  type VendorCall,
  VendorError,
  VendorHttp,
  type VendorSource,
  WHOLE_LIST_TIMEOUT_MS,
} from '@iris/enricher-kit';
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

/** Reads devices and their posture over Tailscale's API. */
export class TailscaleSource implements VendorSource {
  private readonly http: VendorHttp;
  private readonly rule: ManagedRule;
  readonly webhook?: VendorSource['webhook'];

  constructor(settings: TailscaleSettings) {
    this.rule = managedRule(settings);
    const secret = settings['tailscale.webhookSecret'];
    if (secret !== undefined) this.webhook = async (request) => readWebhook(request, secret, Date.now());
    this.http = new VendorHttp({
      baseUrl: settings['tailscale.url'],
      auth: tailscaleCredentials(settings),
      timeoutMs: settings['tailscale.requestTimeoutMs'],
      maxBytes: MAX_BYTES,
    });
  }

  async lookup(subject: Subject, call: VendorCall): Promise<Finding> {
    const { nodeId } = subject;
    if (nodeId === undefined || !isNodeId(nodeId)) return { status: 'NOT_FOUND', reason: 'subject_invalid' };
    const [answer, posture] = await Promise.all([
      this.http.get(`device/${nodeId}`, { signal: call.signal, isNotFound, query: { fields: 'all' } }),
      this.posture(nodeId, call),
    ]);
    if (answer.status === 404) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    const device = readDevice(answer.json);
    if (device === undefined) throw new VendorError('bad_response', 'Tailscale sent no device');
    if (device.nodeId !== nodeId) throw new VendorError('bad_response', 'Tailscale sent another device than asked for');
    return this.finding(device, posture);
  }

  /** All devices: the list in one request, and one request for the posture of each. */
  async *bulk(call: VendorCall): AsyncGenerator<BulkItem> {
    const { json } = await this.http.get('tailnet/-/devices', {
      signal: call.signal,
      query: { fields: 'all' },
      timeoutMs: WHOLE_LIST_TIMEOUT_MS,
    });
    if (!isJsonObject(json) || !Array.isArray(json.devices)) {
      throw new VendorError('bad_response', 'Tailscale sent no devices');
    }
    const devices = json.devices.map(readDevice).filter((device) => device !== undefined);
    for (let first = 0; first < devices.length; first += BULK_CONCURRENCY) {
      const batch = devices.slice(first, first + BULK_CONCURRENCY).filter(({ nodeId }) => isNodeId(nodeId));
      const postures = await Promise.all(batch.map(({ nodeId }) => this.posture(nodeId, call)));
      for (const [index, device] of batch.entries()) {
        const subject = subjectOf(device);
        if (subject !== undefined) yield { subject, finding: this.finding(device, postures[index]) };
      }
    }
  }

  /** Undefined when the API has none for the device. */
  private async posture(nodeId: string, call: VendorCall): Promise<Posture | undefined> {
    const answer = await this.http.get(`device/${nodeId}/attributes`, { signal: call.signal, isNotFound });
    if (answer.status === 404) return undefined;
    const posture = readPosture(answer.json, call.now);
    if (posture === undefined) throw new VendorError('bad_response', 'Tailscale sent no posture attributes');
    return posture;
  }

  private finding(device: TailscaleDevice, posture: Posture | undefined): Finding {
    return { status: 'FOUND', attributes: deviceAttributes(device, posture, this.rule), endsAt: posture?.endsAt };
  }

  recordsOf({ device }: JsonObject): string[] {
    return isJsonObject(device) && typeof device.id === 'string' ? [device.id] : [];
  }

  async close(): Promise<void> {
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

/** Whose hooks come from the device: its user's, or for a tagged node its own. */
function subjectOf({ nodeId, user, tags }: TailscaleDevice): Subject | undefined {
  if ((tags ?? []).length > 0) return { principal: nodeId, nodeId };
  const person = user === undefined ? undefined : subjectOfAddress(user);
  return person && { ...person, nodeId };
}
