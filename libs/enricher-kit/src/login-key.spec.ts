import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loginKey, sameAddress, subjectOfAddress } from './login-key.js';

describe('loginKey', () => {
  it.each([['alice@acme.example'], ["o'brien+x@b.c"], ['my#e@b.c'], ['A@B.C'], ['a/b@c.d'], ['a?b@c.d']])(
    'takes %j unchanged',
    (loginName) => {
      expect(loginKey({ principal: loginName, loginName })).toEqual({ key: loginName });
    },
  );

  it.each([
    ['', 'subject_invalid'],
    ['.', 'subject_invalid'],
    ['..', 'subject_invalid'],
    ['me', 'subject_invalid'],
    ['@acme.example', 'subject_invalid'],
    ['alice@', 'subject_invalid'],
    ['alice@acme..example', 'subject_invalid'],
    ['alice@.', 'subject_invalid'],
    ['a@b@c.d', 'subject_invalid'],
    ['alice@acme.example ', 'subject_invalid'],
    ['alice\n@acme.example', 'subject_invalid'],
    ['alice\u200b@acme.example', 'subject_invalid'],
    ['a"b@acme.example', 'subject_invalid'],
    [`${'x'.repeat(600)}@acme.example`, 'subject_invalid'],
    ['alice@github', 'subject_not_mapped'],
    ['alice@passkey', 'subject_not_mapped'],
    ['tagged-devices', 'subject_not_a_person'],
    [undefined, 'subject_not_a_person'],
  ])('refuses %j as %s', (loginName, reason) => {
    expect(loginKey({ principal: 'p', loginName })).toEqual({ refused: { status: 'NOT_FOUND', reason } });
  });

  it('never passes what a vendor may read as another resource', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (loginName) => {
        const result = loginKey({ principal: 'p', loginName });
        if ('key' in result) expect(result.key).toMatch(/^[^@\s]+@[^@\s]+\.[^@\s]+$/u);
      }),
    );
  });
});

describe('sameAddress', () => {
  it('folds ASCII letters and nothing else', () => {
    expect(sameAddress('A@B.C', 'a@b.c')).toBe(true);
    expect(sameAddress('mike@acme.example', 'mi\u212ae@acme.example')).toBe(false);
    expect(sameAddress('a@dıgital.example', 'a@digital.example')).toBe(false);
    expect(sameAddress('a@DİGITAL.example', 'a@digital.example')).toBe(false);
  });
});

describe('subjectOfAddress', () => {
  it('gives the login in lower case, and nothing for what is never looked up', () => {
    const loginName = 'maya.okafor@acme.example';
    expect(subjectOfAddress('Maya.Okafor@ACME.example')).toEqual({ principal: loginName, loginName });
    expect(subjectOfAddress('svc-backup')).toBeUndefined();
  });
});
