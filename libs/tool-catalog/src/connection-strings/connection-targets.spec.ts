import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { connectionTargets } from './connection-targets.js';

const cases = parse(readFileSync('libs/tool-catalog/cases/connection-strings.yaml', 'utf8')) as {
  readonly read: readonly { readonly text: string; readonly hosts: string[]; readonly names?: string[] }[];
  readonly unrecognised: readonly string[];
};

describe('a connection string', () => {
  it.each(cases.read.map((one) => [one.text, one] as const))('%s is read', (text, { hosts, names = [] }) => {
    expect(connectionTargets(text)).toEqual({ hosts, names });
  });

  it.each(cases.unrecognised.map((text) => [JSON.stringify(text), text] as const))('%s is not', (_, text) => {
    expect(connectionTargets(text)).toBe('unrecognised');
  });

  it('never gives away a user or password', () => {
    const word = fc.stringMatching(/^[a-z]{8,12}$/);
    const around = fc.constantFrom<(user: string, password: string) => string>(
      (user, password) => `postgres://${user}:${password}@db.internal/orders`,
      (user, password) => ` postgres://${user}:${password}@db.internal/orders`,
      (user, password) => `host=db.internal user=${user} password='${password}'`,
      (user, password) => `${user}:${password}@tcp(db.internal)/orders`,
      (user, password) => `Server=db.internal;Uid=${user};Pwd=${password}`,
      (user, password) => `${user}/${password}@//db.internal/orders`,
      (user, password) => `${user}/${password}@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1)))`,
      (user, password) => `jdbc:oracle:thin:${user}/${password}@h:1:x`,
      (user, password) => `${user}:${password}@db.internal`,
      (user, password) => `user=${user} password=${password}`,
      (user, password) => `https://${user}:${password}@db.internal/`,
    );
    fc.assert(
      fc.property(word, word, around, (user, password, write) => {
        fc.pre(user !== password);
        const told = JSON.stringify(connectionTargets(write(user, password)));
        expect(told).not.toContain(password);
        expect(told).not.toContain(user);
      }),
    );
  });

  it('is read in time that grows with its length alone, whatever it holds', () => {
    const around = [
      'host=',
      'Server=',
      'Server=tcp:',
      "host='",
      'postgres://',
      'jdbc:sqlserver://a;b=',
      '(HOST=',
      'u@tcp(',
    ];
    const filling = [
      ' ',
      'a',
      '\\',
      "'",
      '=',
      ';',
      'a ',
      ' a',
      'a;',
      'a=b;',
      '(',
      '(A=',
      'a(',
      ',',
      '@',
      ':',
      '%',
      '&a=b',
    ];
    const endings = ['', 'x"', ')', '=', 'x=', "'", ' x )', '/', '@h/'];
    // Backtracking over every way to share out the filling would not end here.
    for (const start of around) {
      for (const part of filling) {
        const text = start + part.repeat(4000 / part.length);
        for (const end of endings) expect(connectionTargets(text + end)).toBeDefined();
      }
    }
  }, 60_000);
});
