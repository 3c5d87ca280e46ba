import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { sendOktaHook } from '../../apps/enricher-okta/simulated-api/okta-event-hook.js';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { type OtlpCollector, startOtlpCollector } from '../../apps/sandbox/src/telemetry/otlp-collector.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { deviceOf, postHook, preRequest } from '../e2e/hook-client.js';

const OKTA_SECRET = 'sandbox-okta-hook-secret';
const PEOPLE = 60;

/** Each is in a parameter, a query or a header of the load, and nowhere else. */
const MARKS = {
  password: 'pw-7f3a91c2',
  host: 'db-5e8c01-prod.internal.example',
  query: 'query-of-a-statement-44d1',
  path: '/srv/home-of-9c77/notes',
  bearer: 'bearer-1b2c3d4e5f',
  hookQuery: 'hook-query-88ac',
  baggage: 'baggage-of-caller-77',
} as const;
const TOOLS: readonly (readonly [string, Record<string, unknown>])[] = [
  [
    'mcp__postgres__execute_sql',
    {
      connection_string: `postgres://iris:${MARKS.password}@${MARKS.host}/orders`,
      sql: `select '${MARKS.query}'`,
    },
  ],
  ['Read', { file_path: MARKS.path }],
  ['Bash', { command: `curl -H 'Authorization: Bearer ${MARKS.bearer}' https://${MARKS.host}/${MARKS.query}` }],
  ['mcp__unheard__of', { token: MARKS.bearer, url: `https://u:${MARKS.password}@${MARKS.host}/` }],
];

let collector: OtlpCollector;
let mesh: Mesh;
let redis: Redis;
const lines: string[] = [];
const keys = new Set<string>();
let vendorUrls: string[] = [];

beforeAll(async () => {
  collector = await startOtlpCollector();
  mesh = await startMesh({
    root: process.cwd(),
    sandbox: { people: 200 },
    commonEnv: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_BSP_MAX_QUEUE_SIZE: '100000',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
      IRIS_LOG_LEVEL: 'debug',
    },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '5000' },
    enricherEnv: { okta: { IRIS_OKTA_HOOK_AUTHORIZATION: OKTA_SECRET } },
    onLine: (_process, line) => lines.push(line),
  });
  redis = new Redis(mesh.redis?.url ?? '');
  const looking = setInterval(() => void look(), 50);
  await load();
  clearInterval(looking);
  // A process that ends exports what it still has.
  await Promise.all([...mesh.gateways, ...mesh.enrichers].map(({ process }) => process.stop()));
  await look();
  vendorUrls = VENDOR_NAMES.flatMap((vendor) => mesh.sandbox.admin.calls(vendor).calls.map(({ url }) => url));
});

afterAll(async () => {
  redis?.disconnect();
  await mesh?.close();
  await collector?.close();
});

async function look(): Promise<void> {
  for (const key of await redis.keys('*')) keys.add(key);
}

/** People and strangers, every tool, in good health and with each vendor failing, pushes true and forged. */
async function load(): Promise<void> {
  const [gateway] = mesh.gateways;
  const path = `/ext/aperture/pre_request?token=${MARKS.hookQuery}`;
  const headers = { baggage: `user=${MARKS.baggage}` };
  const logins = [
    ...mesh.sandbox.admin.company.people.slice(0, PEOPLE).map(({ login }) => login),
    'nobody@else.example',
  ];
  const send = async (login: string, turn: number) => {
    const [tool, input] = TOOLS[turn % TOOLS.length] ?? ['Read', {}];
    await postHook(gateway, preRequest({ login, nodeId: nodeIdOf(login), tool, input }), { path, headers });
  };
  for (const [index, login] of logins.entries()) await send(login, index);
  await postHook(gateway, '{', { path, headers });
  await postHook(gateway, preRequest({ login: 'ana@lumen.example', tool: 'Read', input: {} }), {
    path,
    headers: { ...headers, authorization: `Bearer ${MARKS.bearer}` },
  });
  const url = `${mesh.enrichers.find(({ vendor }) => vendor === 'okta')?.httpUrl}/webhook`;
  const events = [{ eventType: 'user.lifecycle.suspend', login: 'ben@lumen.example' }];
  for (const authorization of [OKTA_SECRET, MARKS.bearer]) {
    await sendOktaHook(mesh.sandbox.admin.company, { url: `${url}?secret=${MARKS.hookQuery}`, authorization, events });
  }
  for (const mode of ['error', 'html', 'truncated', 'reset'] as const) {
    for (const vendor of VENDOR_NAMES) await mesh.sandbox.admin.setFaults(vendor, { mode });
    await redis.flushall();
    for (const [index, login] of logins.slice(0, 8).entries()) await send(login, index);
  }
  for (const vendor of VENDOR_NAMES) await mesh.sandbox.admin.setFaults(vendor);
}

function nodeIdOf(login: string): string {
  try {
    return deviceOf(mesh, login);
  } catch {
    return '';
  }
}

/** As they are, percent-encoded, and in the base64 of a header. */
function spellings(text: string): string[] {
  return [
    text,
    encodeURIComponent(text),
    Buffer.from(text).toString('base64url'),
    Buffer.from(text).toString('base64'),
  ];
}

function found(haystack: string, needles: readonly string[]): string[] {
  return needles.filter((needle) => spellings(needle).some((text) => haystack.includes(text)));
}

function secrets(): string[] {
  const { credentials } = mesh.sandbox;
  return [
    HOOK_KEY,
    OKTA_SECRET,
    credentials.okta.token,
    credentials.workday.password,
    credentials.servicenow.password,
    credentials.pagerduty.token,
    credentials.tailscale.clientSecret,
    ...Object.values(MARKS),
  ];
}

function logins(): string[] {
  const { people } = mesh.sandbox.admin.company;
  const addresses = people.flatMap(({ login, email, hr }) => [login, email, hr?.workEmail]);
  return [...new Set(['nobody@else.example', ...addresses.filter((address) => address !== undefined)])];
}

describe('what leaves the processes under load', () => {
  it('is there to be searched', () => {
    expect(collector.spans.length).toBeGreaterThan(500);
    expect(collector.received()).toContain('iris.hook.duration');
    expect(lines.length).toBeGreaterThan(20);
    expect(keys.size).toBeGreaterThan(50);
    expect(vendorUrls.length).toBeGreaterThan(100);
    expect(found(`x=${encodeURIComponent(MARKS.path)}`, Object.values(MARKS))).toEqual([MARKS.path]);
  });

  it('holds no login, secret or parameter in spans and metrics', () => {
    expect(found(collector.received(), [...secrets(), ...logins()])).toEqual([]);
  });

  it('holds none in logs', () => {
    expect(found(lines.join('\n'), [...secrets(), ...logins()])).toEqual([]);
  });

  it('holds none in the keys of Redis', () => {
    expect(found([...keys].join('\n'), [...secrets(), ...logins()])).toEqual([]);
  });

  it('holds no secret and no parameter in the URLs that vendors are asked', () => {
    expect(
      found(
        vendorUrls.join('\n'),
        secrets().filter((secret) => secret !== MARKS.host),
      ),
    ).toEqual([]);
  });
});
