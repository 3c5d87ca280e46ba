import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadSettings } from './load-settings.js';
import { parseRedisUrl, RedisUrlError } from './redis-url.js';
import * as setting from './settings.js';

describe('parseRedisUrl', () => {
  it.each<[string, Partial<ReturnType<typeof parseRedisUrl>>]>([
    ['redis://h', { kind: 'single', tls: false, nodes: [{ host: 'h', port: 6379 }], db: 0 }],
    ['rediss://h:6380/3', { tls: true, nodes: [{ host: 'h', port: 6380 }], db: 3 }],
    ['redis://:aB%2FR84eran%3D@h:6379', { password: 'aB/R84eran=' }],
    ['redis://iris:p%40ss@h/', { username: 'iris', password: 'p@ss' }],
    ['redis://[::1]:6379', { nodes: [{ host: '::1', port: 6379 }] }],
    ['redis://user@10.0.0.1', { username: 'user' }],
    [
      'redis+sentinel://:pw@s1,s2:26380/main/2?sentinelPassword=a%26b',
      {
        kind: 'sentinel',
        primaryName: 'main',
        db: 2,
        password: 'pw',
        sentinelPassword: 'a&b',
        nodes: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26380 },
        ],
      },
    ],
    ['rediss+cluster://n1:7000,n2:7001', { kind: 'cluster', tls: true }],
  ])('reads %s', (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
  });

  it.each([
    'redis://:aB/R84eran=@h:6379',
    'redis://:a?b@h:6379',
    'redis://:a#b@h:6379',
    'redis://:a%b@h:6379',
    'redis://:a@b@h:6379',
    'redis://:a:b@h:6379',
    'http://h:6379',
    'redis+srv://h',
    'redis:h',
    'redis://',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:port',
    'redis://h/one',
    'redis://h/1/2',
    'redis://h?db=1',
    'redis://h1,h2',
    'redis+sentinel://h',
    'redis+sentinel://h/',
    'redis+sentinel://h/main?name=other',
    'redis+cluster://h/1',
    'redis+cluster://h,',
    'unix:///tmp/redis.sock',
    'h:6379',
    '-',
  ])('refuses %s', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(RedisUrlError);
  });

  it('reads back any percent-encoded password', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (password) => {
        expect(parseRedisUrl(`redis://:${encodeURIComponent(password)}@h`).password).toBe(password);
      }),
    );
  });

  it('ends in a RedisUrlError or an address, for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseRedisUrl(`redis://${text}`).nodes).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(RedisUrlError);
        }
      }),
    );
  });
});

describe('a setting of a Redis URL', () => {
  const schema = { 'redis.url': setting.redisUrl('Redis.') };
  it('is named in one line, without its value', () => {
    const load = () => loadSettings(schema, { IRIS_REDIS_URL: 'redis://:aB/R84eran=@h:6379' });
    expect(load).toThrow(
      /^configuration: redis\.url \(IRIS_REDIS_URL\) has a value that cannot be used; accepted: redis:/,
    );
    expect(load).not.toThrow(/R84eran|\n/);
  });

  it('may be missing only where it is optional', () => {
    expect(() => loadSettings(schema, {})).toThrow('redis.url (IRIS_REDIS_URL) is missing');
    expect(loadSettings({ 'redis.url': setting.optionalRedisUrl('Redis.') }, {})).toEqual({ 'redis.url': undefined });
  });
});
