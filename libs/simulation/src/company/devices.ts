import { DAY_MS } from './dates.js';
import { loginOf } from './new-person.js';
import type { Person } from './person.js';
import { nodeId, tailscaleNumber } from './vendor-identifiers.js';

export type PostureValue = string | number | boolean;

/** A node of the tailnet. Times are ms. */
export interface Device {
  /** Stable node id. */
  readonly nodeId: string;
  /** Legacy numeric id. */
  readonly numericId: string;
  readonly hostname: string;
  readonly os: string;
  /** Login of the owner; of the registrar on a tagged node. */
  readonly user: string;
  readonly tags: readonly string[];
  readonly posture: Readonly<Record<string, PostureValue>>;
  /** When a posture attribute goes away, by its key. */
  readonly expiries: Readonly<Record<string, number>>;
  readonly serialNumber?: string;
  readonly isExternal: boolean;
  readonly connected: boolean;
  readonly createdAt: number;
}

interface DeviceOutline {
  readonly id?: string;
  readonly login: string;
  readonly hostname: string;
  readonly os: 'macOS' | 'windows' | 'linux' | 'iOS';
  readonly management?: 'kandji' | 'intune';
  readonly posture?: Readonly<Record<string, PostureValue>>;
  readonly expiries?: Readonly<Record<string, number>>;
  readonly tags?: readonly string[];
  readonly isExternal?: boolean;
  readonly connected?: boolean;
  readonly identityOff?: boolean;
}

const OS_ATTRIBUTES: Readonly<Record<DeviceOutline['os'], readonly [os: string, version: string]>> = {
  macOS: ['macos', '26.1.0'],
  windows: ['windows', '10.0.26100.1742'],
  linux: ['linux', '6.12.9'],
  iOS: ['ios', '26.0.1'],
};

const MANAGEMENT: Readonly<Record<'kandji' | 'intune', Readonly<Record<string, PostureValue>>>> = {
  kandji: { 'kandji:mdmEnabled': true, 'kandji:agentInstalled': true, 'falcon:ztaScore': 89 },
  intune: {
    'intune:complianceState': 'compliant',
    'intune:isEncrypted': true,
    'intune:managedDeviceOwnerType': 'company',
    'intune:azureADRegistered': true,
  },
};

/** The nodes that samples and tests name, and one for each generated person. */
export function companyDevices(people: readonly Person[], nowMs: number): Device[] {
  const named = namedDevices(nowMs);
  const owners = new Set(named.map((outline) => outline.login));
  const others = people
    .filter((person) => !owners.has(person.login))
    .map((person, index): DeviceOutline => {
      const mac = index % 2 === 0;
      const managed = index % 4 < 3;
      return {
        login: person.login,
        hostname: `${person.login.split('@')[0]?.replace(/[^a-z0-9]+/g, '-')}-${mac ? 'mac' : 'pc'}`,
        os: mac ? 'macOS' : 'windows',
        management: managed ? (mac ? 'kandji' : 'intune') : undefined,
      };
    });
  return [...named, ...others].map((outline) => newDevice(outline, nowMs));
}

function namedDevices(nowMs: number): DeviceOutline[] {
  const person = (name: string, rest: Omit<DeviceOutline, 'login' | 'id' | 'hostname'>, suffix: string) => ({
    id: `n${name.charAt(0).toUpperCase()}${name.slice(1)}${suffix}CNTRL`,
    login: loginOf(name),
    hostname: `${name}-${suffix.toLowerCase()}`,
    ...rest,
  });
  return [
    person('ana', { os: 'macOS', management: 'kandji' }, 'Mac'),
    person('ben', { os: 'macOS', management: 'kandji' }, 'Mac'),
    person('cara', { os: 'windows' }, 'Laptop'),
    person('dev', { os: 'windows', management: 'intune' }, 'Laptop'),
    person('eve', { os: 'windows', management: 'intune' }, 'Laptop'),
    person('finn', { os: 'macOS' }, 'Mac'),
    person('gus', { os: 'linux', posture: { 'custom:managed': true } }, 'Box'),
    person('hana', { os: 'macOS', management: 'kandji', connected: false }, 'Mac'),
    person('ivo', { os: 'macOS', management: 'kandji' }, 'Mac'),
    person('jo', { os: 'windows', posture: { 'intune:complianceState': 'noncompliant' } }, 'Laptop'),
    person(
      'kai',
      {
        os: 'macOS',
        posture: { 'custom:managed': true, 'custom:tier': '2' },
        expiries: { 'custom:managed': nowMs + 2 * DAY_MS },
      },
      'Mac',
    ),
    person('kai', { os: 'iOS', identityOff: true }, 'Phone'),
    { id: 'nCiRunner1CNTRL', login: loginOf('wes'), hostname: 'ci-runner-1', os: 'linux', tags: ['tag:ci'] },
    { id: 'nZoeShared1CNTRL', login: 'zoe@github', hostname: 'zoe-mac', os: 'macOS', isExternal: true },
  ];
}

function newDevice(outline: DeviceOutline, nowMs: number): Device {
  const id = outline.id ?? nodeId(outline.login);
  const [os, version] = OS_ATTRIBUTES[outline.os];
  return {
    nodeId: id,
    numericId: tailscaleNumber('node', id),
    hostname: outline.hostname,
    os: outline.os,
    user: outline.login,
    tags: outline.tags ?? [],
    posture: {
      'node:os': os,
      'node:osVersion': version,
      'node:tsVersion': '1.92.1',
      'node:tsReleaseTrack': 'stable',
      'node:tsAutoUpdate': outline.management === undefined,
      'node:tsStateEncrypted': outline.os !== 'linux',
      'ip:country': 'PT',
      ...(outline.management && MANAGEMENT[outline.management]),
      ...outline.posture,
    },
    expiries: outline.expiries ?? {},
    serialNumber: outline.identityOff ? undefined : `SN-${id}`,
    isExternal: outline.isExternal ?? false,
    connected: outline.connected ?? true,
    createdAt: nowMs - 200 * DAY_MS,
  };
}
