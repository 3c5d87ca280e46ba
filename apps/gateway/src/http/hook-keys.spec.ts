import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HookKeys } from './hook-keys.js';

const keys = new HookKeys([
  { name: 'aperture', key: 'first-secret', routes: new Set(['aperture']) },
  { name: 'laptop', key: 'second-secret', routes: new Set(['agent']), login: 'ana@example.com' },
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
    expect(keys.authenticate(headers)?.name).toBe(name);
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

  it('gives what the key permits, and never the key', () => {
    expect(keys.authenticate({ 'x-api-key': 'second-secret' })).toEqual({
      name: 'laptop',
      routes: new Set(['agent']),
      login: 'ana@example.com',
    });
  });

  it('knows only the keys that replaced the others', () => {
    const rotating = new HookKeys([{ name: 'aperture', key: 'old-secret', routes: new Set(['aperture']) }]);
    rotating.replace([{ name: 'aperture', key: 'new-secret', routes: new Set(['aperture']) }]);
    expect(rotating.authenticate({ 'x-api-key': 'old-secret' })).toBeUndefined();
    expect(rotating.authenticate({ 'x-api-key': 'new-secret' })?.name).toBe('aperture');
  });
});
