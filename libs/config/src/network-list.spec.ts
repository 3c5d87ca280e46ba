import { describe, expect, it } from '@jest/globals';
import { isNetwork, NetworkList } from './network-list.js';

describe('NetworkList', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['10.1.0.0/16', '10.1.200.3', true],
    ['10.1.0.0/16', '10.2.0.1', false],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::1', '::1', true],
    ['fd7a:115c:a1e0::/48', 'fd7a:115c:a1e0::53', true],
    ['127.0.0.1', undefined, false],
    ['127.0.0.1', 'localhost', false],
  ])('%s has %s: %s', (network, address, expected) => {
    expect(new NetworkList([network]).has(address)).toBe(expected);
  });

  it('has nothing when it is empty', () => {
    expect(new NetworkList([]).has('127.0.0.1')).toBe(false);
  });

  it.each(['', 'proxy.example.com', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0.0', '10.0.0.0/-1'])(
    'refuses %j',
    (text) => {
      expect(isNetwork(text)).toBe(false);
      expect(() => new NetworkList([text])).toThrow(RangeError);
    },
  );
});
