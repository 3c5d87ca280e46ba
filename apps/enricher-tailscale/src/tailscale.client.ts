import type { Subject } from '@iris/contracts';
import { type Finding, type VendorCall, VendorError, VendorHttp, type VendorSource } from '@iris/enricher-kit';
import { deviceAttributes, type ManagedRule, readDevice, readPosture } from './tailscale.mapper.js';
import { managedRule, type TailscaleSettings, tailscaleCredentials } from './tailscale.settings.js';

/** Largest answer, in bytes: the devices of a large tailnet come in one. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Reads devices and their posture over Tailscale's API. */
export class TailscaleSource implements VendorSource {
  private readonly http: VendorHttp;
  private readonly rule: ManagedRule;

  constructor(settings: TailscaleSettings) {
    this.rule = managedRule(settings);
    this.http = new VendorHttp({
      baseUrl: settings['tailscale.url'],
      auth: tailscaleCredentials(settings),
      timeoutMs: settings['tailscale.requestTimeoutMs'],
      maxBytes: MAX_BYTES,
    });
  }

  async lookup(subject: Subject, call: VendorCall): Promise<Finding> {
    const { nodeId } = subject;
    // A stable node id; a number alone is the older id, which the hook never carries.
    if (nodeId === undefined || !/^n[A-Za-z0-9]{1,62}$/.test(nodeId)) {
      return { status: 'NOT_FOUND', reason: 'subject_invalid' };
    }
    const options = { signal: call.signal, isNotFound: (status: number) => status === 404 };
    const [deviceAnswer, postureAnswer] = await Promise.all([
      this.http.get(`device/${nodeId}`, { ...options, query: { fields: 'all' } }),
      this.http.get(`device/${nodeId}/attributes`, options),
    ]);
    if (deviceAnswer.status === 404) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    const device = readDevice(deviceAnswer.json);
    if (device === undefined) throw new VendorError('bad_response', 'Tailscale sent no device');
    if (device.nodeId !== nodeId) throw new VendorError('bad_response', 'Tailscale sent another device than asked for');
    const posture = postureAnswer.status === 404 ? undefined : readPosture(postureAnswer.json, call.now);
    if (posture === undefined && postureAnswer.status !== 404) {
      throw new VendorError('bad_response', 'Tailscale sent no posture attributes');
    }
    return { status: 'FOUND', attributes: deviceAttributes(device, posture, this.rule), endsAt: posture?.endsAt };
  }

  async close(): Promise<void> {
    await this.http.close();
  }
}
