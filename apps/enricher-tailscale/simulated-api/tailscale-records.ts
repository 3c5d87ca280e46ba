import { type Company, type Device, tailscaleNumber } from '@iris/simulation';

const TAILNET_SUFFIX = 'lumen-example.ts.net';

/** RFC 3339 in UTC, to the second. */
export function timestamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** A device as the API reports it; with `all` the fields that are left out by default too. */
export function deviceRecord(device: Device, nowMs: number, all: boolean): Record<string, unknown> {
  const number = Number(device.numericId);
  return {
    addresses: [`100.${64 + (number % 64)}.${(number >> 6) & 255}.${(number >> 14) & 255}`],
    id: device.numericId,
    nodeId: device.nodeId,
    user: device.user,
    name: `${device.hostname}.${TAILNET_SUFFIX}`,
    hostname: device.hostname,
    clientVersion: device.isExternal ? '' : String(device.posture['node:tsVersion'] ?? ''),
    updateAvailable: false,
    os: device.os,
    created: device.isExternal ? '' : timestamp(device.createdAt),
    ...(device.connected ? {} : { lastSeen: timestamp(nowMs - 3_600_000) }),
    connectedToControl: device.connected,
    keyExpiryDisabled: device.tags.length > 0,
    expires: device.tags.length > 0 ? '0001-01-01T00:00:00Z' : timestamp(device.createdAt + 365 * 86_400_000),
    authorized: true,
    isExternal: device.isExternal,
    isEphemeral: false,
    machineKey: device.isExternal ? '' : `mkey:${device.numericId}`,
    nodeKey: `nodekey:${device.numericId}`,
    blocksIncomingConnections: false,
    tailnetLockKey: '',
    tailnetLockError: '',
    ...(device.tags.length > 0 && { tags: device.tags }),
    ...(all && {
      enabledRoutes: [],
      advertisedRoutes: [],
      clientConnectivity: { endpoints: [], latency: {}, mappingVariesByDestIP: null },
      sshEnabled: false,
      postureIdentity:
        device.serialNumber === undefined ? { disabled: true } : { serialNumbers: [device.serialNumber] },
    }),
  };
}

/** The posture of a device, without what has expired. */
export function attributesRecord(device: Device, nowMs: number): Record<string, unknown> {
  const valid = (key: string) => (device.expiries[key] ?? Number.POSITIVE_INFINITY) > nowMs;
  const keys = Object.keys(device.posture).filter(valid);
  const expiries = Object.entries(device.expiries).filter(([key]) => keys.includes(key));
  return {
    attributes: Object.fromEntries(keys.map((key) => [key, device.posture[key]])),
    ...(expiries.length > 0 && { expiries: Object.fromEntries(expiries.map(([key, at]) => [key, timestamp(at)])) }),
  };
}

/** The users of the tailnet: everyone of the company who has a device, and those devices are shared by. */
export function userRecords(company: Company): readonly Record<string, unknown>[] {
  const now = company.now;
  const devicesByUser = new Map<string, Device[]>();
  for (const device of company.devices) {
    const devices = devicesByUser.get(device.user);
    if (devices === undefined) devicesByUser.set(device.user, [device]);
    else devices.push(device);
  }
  return [...devicesByUser].map(([login, devices]) => {
    const person = company.find(login);
    return {
      id: tailscaleNumber('user', login),
      displayName: person ? `${person.firstName} ${person.lastName}` : login,
      loginName: login,
      profilePicUrl: '',
      tailnetId: tailscaleNumber('tailnet', TAILNET_SUFFIX),
      created: timestamp(person?.createdAt ?? now),
      type: person ? 'member' : 'shared',
      role: person?.hr?.department === 'Security' ? 'it-admin' : 'member',
      status: person?.okta?.status === 'SUSPENDED' ? 'suspended' : 'active',
      deviceCount: devices.length,
      lastSeen: timestamp(now),
      currentlyConnected: devices.some((device) => device.connected),
    };
  });
}
