import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrder, parseEncodedQuery, type QueryContext, rowFilter } from './encoded-query.js';

type Row = Readonly<Record<string, string>>;

const ROWS: Row[] = [
  { sys_id: '1', name: 'Ana', email: 'ana@lumen.example', active: 'true', level: '9', manager: '' },
  { sys_id: '2', name: 'Ben', email: 'ben@lumen.example', active: 'false', level: '10', manager: '1' },
  { sys_id: '3', name: 'Anabel', email: 'ANABEL@lumen.example', active: 'true', level: '11', manager: '1' },
];
const CONTEXT: QueryContext<Row> = {
  hasField: (field) => ['sys_id', 'name', 'email', 'active', 'level', 'manager'].includes(field),
  valueOf: (row, field) => row[field] ?? '',
  evaluate: (script) => (script === 'gs.getUserID()' ? '1' : ''),
};

function select(text: string): string {
  const query = parseEncodedQuery(text);
  return inOrder(ROWS.filter(rowFilter(query, CONTEXT)), query, CONTEXT)
    .map((row) => row.sys_id)
    .join('');
}

describe('an encoded query', () => {
  it.each([
    ['', '123'],
    ['name=ana', '1'],
    ['email=anabel@lumen.example', '3'],
    ['name!=Ana', '23'],
    ['active=true^nameLIKEbel', '3'],
    ['nameSTARTSWITHana^ORname=Ben', '123'],
    ['active=true^name=Ana^ORname=Ben', '1'],
    ['name=Ana^NQname=Ben', '12'],
    ['name=Ana^active=false^NQactive=false', '2'],
    ['sys_idIN1,3', '13'],
    ['sys_idNOT IN1,3', '2'],
    ['nameNOT LIKEan', '2'],
    ['emailENDSWITH.example^managerISEMPTY', '1'],
    ['managerISNOTEMPTY', '23'],
    ['level>9', '23'],
    ['level>=10^level<=10', '2'],
    ['level<10', '1'],
    ['manager=javascript:gs.getUserID()', '23'],
    ['ORDERBYDESClevel', '321'],
    ['active=true^ORDERBYDESCname', '31'],
    ['ORDERBYno_such', '123'],
  ])('%s selects %s', (text, expected) => {
    expect(select(text)).toBe(expected);
  });

  it.each([
    ['no_such=1', '123'],
    ['name~Ana', '123'],
    ['no_such=1^name=Ben', '2'],
    ['name=Ana^ORno_such=2', '1'],
  ])('drops what it cannot use: %s selects %s', (text, expected) => {
    expect(select(text)).toBe(expected);
  });

  it.each([
    ['email=x^ORactive=false', '2'],
    ['email=x^NQactive=true', '13'],
    ['email=x^active=true^ORsys_id!=0', ''],
    ['email=x^NQsys_id!=0', '123'],
  ])('has no escape, so a value can widen it: %s selects %s', (text, expected) => {
    expect(select(text)).toBe(expected);
  });

  it('never fails on any value, and a value without ^ widens nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        const found = select(`email=${value}`);
        if (!value.includes('^') && !ROWS.some((row) => row.email?.toLowerCase() === value.toLowerCase())) {
          expect(found).toBe('');
        }
      }),
    );
  });

  it('never fails on any text', () => {
    const fragment = fc.constantFrom(
      '^',
      '^OR',
      '^NQ',
      'ORDERBY',
      'name',
      '=',
      'IN',
      'LIKE',
      ',',
      'javascript:',
      'a',
      '.',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 12 }), (parts) => {
        expect(select(parts.join('')).length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
