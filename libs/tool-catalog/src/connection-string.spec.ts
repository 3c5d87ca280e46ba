import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endpointOf, resourceIds } from './connection-string.js';

describe('endpointOf', () => {
  it.each([
    ['db.internal', ['db.internal'], []],
    ['db.internal:5432', ['db.internal'], []],
    ['postgres://u:p@db.internal:5432/orders?sslmode=require', ['db.internal'], ['orders']],
    ['postgres://u:p@ss@db.internal/orders', ['db.internal'], ['orders']],
    ['postgresql://h1:5432,h2:5433/orders', ['h1', 'h2'], ['orders']],
    ['postgresql:///orders?host=h3&dbname=more', ['h3'], ['orders', 'more']],
    ['postgresql://db%2Dprod/orders%5F1', ['db-prod'], ['orders_1']],
    ['jdbc:postgresql://h1/orders?user=staging', ['h1'], ['orders']],
    ['jdbc:sqlserver://h1:1433;databaseName=orders;applicationName=staging', ['h1'], ['orders']],
    ['mongodb+srv://u:p@cluster0.example.net/orders', ['cluster0.example.net'], ['orders']],
    ['postgres://[::1]:5432/orders', ['::1'], ['orders']],
    ['host=db.internal port=5432 dbname=orders application_name=staging', ['db.internal'], ['orders']],
    ["host='db.internal' dbname='orders'", ['db.internal'], ['orders']],
    ['Server=tcp:db.internal,1433;Initial Catalog=orders;App=staging', ['db.internal'], ['orders']],
    ['Data Source=db\\staging;Database=orders', ['db'], ['orders']],
    ['arn:aws:eks:eu-west-1:1:cluster/orders', ['arn:aws:eks:eu-west-1:1:cluster/orders'], []],
  ])('%s', (text, hosts, names) => {
    const endpoint = endpointOf(text);
    expect(endpoint.hosts).toEqual(hosts);
    expect(endpoint.names).toEqual(names);
  });

  it('tells the host of a plain value from what stands around it', () => {
    expect(endpointOf('staging@db7/staging').hosts).toEqual(['db7']);
    expect(endpointOf('db7,staging-db').hosts).toEqual(['db7', 'staging-db']);
    expect(endpointOf('db7\\staging').hosts).toEqual(['db7']);
  });
});

describe('resourceIds', () => {
  it('never holds a user name or password', () => {
    const word = fc.stringMatching(/^[a-z]{8,12}$/);
    fc.assert(
      fc.property(word, word, fc.constantFrom('postgres://', 'mysql://', ''), (user, password, scheme) => {
        const ids = resourceIds(`${scheme}${user}:${password}@db.internal/orders`);
        expect(ids.join(' ')).not.toContain(password);
        expect(ids.join(' ')).not.toContain(user);
      }),
    );
  });
});
