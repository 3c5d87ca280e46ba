import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HookKeys } from './hook-keys.js';

const keys = new HookKeys([
  { name: 'aperture', key: 'first-secret' },
  { name: 'laptop', key: 'second-secret' },
]);

describe('HookKeys', () => {
  it.each([
    [{ authorization: 'Bearer first-secret' }, 'aperture'],
    [{ authorization: 'bearer  second-secret ' }, 'laptop'],
    [{ authorization: 'Splunk first-secret' }, 'aperture'],
    [{ 'x-api-key': ' first-secret ' }, 'aperture'],
    [{ 'x-goog-api-key': 'second-secret' }, 'laptop'],
    [{ 'cf-aig-authorization': 'Bearer first-secret' }, 'aperture'],
    [{ authorization: 'Bearer wrong', 'x-api-key': 'first-secret' }, 'aperture'],
    [{ 'x-api-key': 'wrong', 'x-goog-api-key': 'second-secret' }, 'laptop'],
  ])('%j is %s', (headers, name) => {
    expect(keys.authenticate(headers)).toBe(name);
  });

  it.each([
    [{}],
    [{ authorization: '' }],
    [{ authorization: 'Bearer ' }],
    [{ authorization: 'first-secret' }],
    [{ authorization: 'Basic first-secret' }],
    [{ authorization: 'Bearer FIRST-SECRET' }],
    [{ authorization: 'Bearer first-secret, Bearer second-secret' }],
    [{ 'x-api-key': 'Bearer first-secret' }],
    [{ 'cf-aig-authorization': 'first-secret' }],
    [{ 'x-webhook-secret': 'first-secret' }],
  ])('%j is nobody', (headers) => {
    expect(keys.authenticate(headers)).toBeUndefined();
  });

  it('takes nothing but a key for a key', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!['first-secret', 'second-secret'].includes(text.trim()));
        expect(keys.authenticate({ authorization: `Bearer ${text}`, 'x-api-key': text })).toBeUndefined();
      }),
    );
  });
});
