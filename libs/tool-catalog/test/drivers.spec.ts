import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { ConnectionString } from 'mongodb-connection-string-url';
import { createPool } from 'mysql2';
import { parse as parsePostgres } from 'pg-connection-string';
import { connectionTargets } from '../src/connection-strings/connection-targets.js';
import { hostAndPort } from '../src/connection-strings/host-port.js';

// The package has no types.
const { ConnectionPool } = createRequire(import.meta.url)('mssql') as {
  readonly ConnectionPool: { parseConnectionString(text: string): { readonly server?: string } };
};

/** Where a driver goes: `host` or `host:port`; undefined when it refuses the text. */
type Driver = (text: string) => readonly string[] | undefined;

const LOCAL = 'localhost';

const drivers: Readonly<Record<string, { readonly driver: Driver; readonly schemes: readonly string[] }>> = {
  'pg-connection-string': {
    schemes: ['postgres://', 'postgresql://', 'POSTGRES://'],
    driver: (text) => {
      const { host } = parsePostgres(text);
      return [...(host || LOCAL).split(',')];
    },
  },
  'mongodb-connection-string-url': {
    schemes: ['mongodb://', 'mongodb+srv://'],
    driver: (text) => new ConnectionString(text).hosts,
  },
  mysql2: {
    schemes: ['mysql://', 'mariadb://'],
    driver: (text) => {
      const pool = createPool(text);
      const { host, socketPath } = (pool as unknown as { config: { connectionConfig: Record<string, string> } }).config
        .connectionConfig;
      pool.end();
      return [socketPath ?? (host || LOCAL)];
    },
  },
  mssql: {
    schemes: ['Server=', 'Data Source=', 'server=tcp:', 'Addr='],
    driver: (text) => {
      const config = ConnectionPool.parseConnectionString(text);
      return [config.server || LOCAL];
    },
  },
  ioredis: {
    schemes: ['redis://', 'rediss://'],
    driver: (text) => {
      const client = new Redis(text, { lazyConnect: true });
      const { host, path } = client.options;
      client.disconnect();
      return [path ?? (host || LOCAL)];
    },
  },
  'WHATWG URL': {
    schemes: ['http://', 'https://', 'HTTP:', 'http:\\\\', 'ws://'],
    driver: (text) => [new URL(text).hostname],
  },
};

const words = fc.constantFrom(
  ...['orders-staging.lumen.example', 'orders-prod.lumen.example', '10.0.0.5', 'localhost', '[::1]', 'a', 'prod'],
  ...['user', 'p%40ss', '%68ost', '%2F', '%00', '0x7f.1', '::1', '/var/run', 'xn--a', '\u0430', '\uff41'],
);
const marks = fc.constantFrom(
  ...[
    '@',
    ':',
    '/',
    '//',
    '?',
    '#',
    ';',
    ',',
    '&',
    '=',
    '\\',
    "'",
    '"',
    ' ',
    '\t',
    '\n',
    '%',
    '+',
    '{',
    '}',
    '(',
    ')',
    '.',
  ],
);
const options = fc.constantFrom(
  ...['host=', 'hostaddr=', 'Host=', 'port=15432', 'service=', 'path=', 'socketPath=', 'sslmode=require', 'dbname='],
  ...['Server=', 'Data Source=', 'Database=orders', 'User Id=u', 'Password=p', 'Failover Partner=', 'proxyHost='],
  ...['directConnection=true', 'family=4', 'db=1', 'ssl=true', 'application_name=staging'],
);

/** Strings that are mostly right, with anything put in anywhere. */
function strings(schemes: readonly string[]): fc.Arbitrary<string> {
  const scheme = fc.constantFrom(...schemes);
  const host = fc
    .tuple(words, fc.option(fc.constantFrom(':5432', ':15432', '.', ':', ''), { nil: '' }))
    .map((x) => x.join(''));
  const authority = fc
    .tuple(fc.constantFrom('', 'user@', 'user:pw@', 'user:p%40@'), fc.array(host, { minLength: 1, maxLength: 3 }))
    .map(([user, hosts]) => user + hosts.join(','));
  const query = fc
    .tuple(
      fc.constantFrom('', '/', '/orders', '/orders/x'),
      fc.constantFrom('', '?', ';', '&'),
      fc.array(
        fc.tuple(options, fc.option(words, { nil: '' })).map((x) => x.join('')),
        { maxLength: 3 },
      ),
      fc.constantFrom('&', ';'),
    )
    .map(([path, start, all, separator]) => path + start + all.join(separator));
  const plain = fc
    .tuple(
      scheme,
      fc.constantFrom('', 'user@', 'user:p%40w@'),
      fc.constantFrom('orders-staging.lumen.example', '10.0.0.5', 'LOCALHOST.', 'a:5432', 'a,b', '[::1]:1'),
      fc.constantFrom(
        '',
        '/orders',
        '/orders?sslmode=require',
        ';Database=orders',
        '/?tls=true',
        '/0?db=1',
        '/x?ssl=true',
      ),
    )
    .map((parts) => parts.join(''));
  const right = fc.oneof(
    plain,
    fc.tuple(scheme, authority, query).map((parts) => parts.join('')),
  );
  const spoilt = fc
    .tuple(right, fc.nat(), fc.oneof(marks, words, options))
    .map(([text, at, part]) => text.slice(0, at % (text.length + 1)) + part + text.slice(at % (text.length + 1)));
  const wild = fc
    .tuple(scheme, fc.array(fc.oneof(words, marks, options), { maxLength: 12 }))
    .map(([start, parts]) => start + parts.join(''));
  return fc.oneof(right, spoilt, spoilt, wild);
}

/** Without port, and an address of IPv4 in its usual form. */
function bare(text: string): string {
  const host = text.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1');
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host;
}

// mysql2 warns of each option that is none of its own.
beforeAll(() => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterAll(() => {
  jest.restoreAllMocks();
});

describe.each(Object.entries(drivers))('connectionTargets beside %s', (name, { driver, schemes }) => {
  it('names every host that the driver goes to, or recognises nothing', () => {
    let read = 0;
    fc.assert(
      fc.property(strings(schemes), (text) => {
        const ours = connectionTargets(text);
        if (ours === 'unrecognised') return;
        let theirs: readonly string[] | undefined;
        try {
          theirs = driver(text);
        } catch {
          return;
        }
        read += 1;
        const named = ours.hosts.map(bare);
        // No name holds a comma or slash: a driver that looks up such a text as one name goes nowhere.
        const hosts = (theirs ?? []).flatMap((host) =>
          host.startsWith('/') ? host : (host.split('/', 1)[0]?.split(',') ?? []),
        );
        for (const host of hosts) expect(named).toContain(bare(hostAndPort(host) ?? host));
      }),
      { numRuns: 20_000 },
    );
    // A reader that recognised nothing would pass too.
    expect({ name, many: read > 100 }).toEqual({ name, many: true });
  }, 120_000);
});
