import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type Credentials, mayAsk } from './caller.js';
import { Callers } from './callers.js';
import { parseCallersFile } from './callers-file.js';

const ISSUER = 'https://idp.acme.example';
let folder: string;
let callers: Callers;
let sign: (claims: object, issuer?: string, audience?: string, expires?: string) => Promise<string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-callers-'));
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk: JWK = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' };
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [jwk] }));
  sign = (claims, issuer = ISSUER, audience = 'iris', expires = '5m') =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(privateKey);
  callers = new Callers(
    parseCallersFile(
      'callers.yaml',
      `
issuers: [{ issuer: ${ISSUER}, audience: iris, jwksFile: ${join(folder, 'keys.json')} }]
callers:
  leave: { spiffe: ['spiffe://acme.example/ns/hr/sa/leave'], kinds: [leave_request] }
  books: { san: [Books.acme.example], kinds: ['ledger:*'] }
  portal: { keys: [portal-key-1, portal-key-2], kinds: ['*'], search: true }
  batch: { jwt: [{ issuer: ${ISSUER}, subject: batch }], kinds: ['*'] }
  sidecar: { addresses: ['127.0.0.0/8', '::1'], kinds: ['*'] }
`,
    ),
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Sent {
  readonly authorization?: string;
  readonly key?: string;
  readonly names?: string;
  readonly address?: string;
}

async function ask({ authorization, key, names, address = '10.0.0.1' }: Sent) {
  const headers: Record<string, string | undefined> = { authorization, 'x-api-key': key };
  const credentials: Credentials = { header: (name) => headers[name], certificateNames: names, address };
  const result = await callers.authenticate(credentials);
  return result.ok ? `${result.caller.name} by ${result.caller.by}` : result.problem;
}

describe('a caller', () => {
  it.each<[string, Sent]>([
    ['leave by certificate', { names: 'URI:spiffe://acme.example/ns/hr/sa/leave' }],
    ['books by certificate', { names: 'DNS:other.example, DNS:books.ACME.example' }],
    ['portal by key', { authorization: 'Bearer portal-key-1' }],
    ['portal by key', { key: 'portal-key-2' }],
    ['sidecar by address', { address: '127.0.0.9' }],
    ['sidecar by address', { address: '::ffff:127.0.0.1' }],
    ['portal by key', { key: 'portal-key-2', address: '127.0.0.1' }],
  ])('is %s', async (expected, sent) => {
    expect(await ask(sent)).toBe(expected);
  });

  it.each<[string, Sent]>([
    ['no credential', {}],
    ['an unknown key', { authorization: 'Bearer portal-key-3', address: '127.0.0.1' }],
    ['another scheme', { authorization: 'Basic cG9ydGFsLWtleS0x', address: '127.0.0.1' }],
    ['an unknown certificate', { names: 'DNS:evil.example' }],
    ['a name that only quotes a known one', { names: 'DNS:"x, URI:spiffe://acme.example/ns/hr/sa/leave-not"' }],
    ['a certificate of two callers', { names: 'URI:spiffe://acme.example/ns/hr/sa/leave, DNS:books.acme.example' }],
    ['a certificate and a key of different callers', { names: 'DNS:books.acme.example', key: 'portal-key-1' }],
    ['an address beside the network', { address: '128.0.0.1' }],
  ])('is nobody with %s', async (_name, sent) => {
    expect(await ask(sent)).not.toMatch(/ by /);
  });

  it('is named by a JWT of its issuer', async () => {
    const token = await sign({ sub: 'batch' });
    expect(await ask({ authorization: `Bearer ${token}` })).toBe('batch by jwt');
    expect(await ask({ authorization: `bearer ${token}` })).toBe('batch by jwt');
  });

  it('is nobody with a JWT that is not valid', async () => {
    const [header, payload, signature] = (await sign({ sub: 'batch' })).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.${signature}`;
    const tokens = [
      await sign({ sub: 'somebody' }),
      await sign({}),
      await sign({ sub: 'batch' }, 'https://other.example'),
      await sign({ sub: 'batch' }, ISSUER, 'another'),
      await sign({ sub: 'batch' }, ISSUER, 'iris', '-1m'),
      `${header}.${payload}.${signature?.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))}`,
      none,
    ];
    for (const token of tokens)
      expect(await ask({ authorization: `Bearer ${token}`, address: '127.0.0.1' })).not.toMatch(/ by /);
  });

  it('may ask about its kinds only', () => {
    const caller = { name: 'x', by: 'key', search: false, kinds: ['a', 'b:*'] } as const;
    expect(['a', 'b:', 'b:1', 'aa', 'b', 'A', ''].filter((kind) => mayAsk(caller, kind))).toEqual(['a', 'b:', 'b:1']);
  });
});

describe('a callers file', () => {
  const valid = 'keys: [portal-key-1], kinds: [a]';
  it.each([
    ['callers: {', /is not valid YAML/],
    ['callers: { a: { kinds: [x] } }', /callers\.a: needs one of spiffe, san, keys, jwt, addresses/],
    [`callers: { a: { ${valid}, serch: true } }`, /callers\.a has the unknown field serch/],
    ['callers: { a: { keys: [short], kinds: [a] } }', /callers\.a\.keys\.0/],
    ['callers: { a: { keys: [portal-key-1], kinds: ["a*b"] } }', /callers\.a\.kinds\.0: a kind, or its beginning/],
    ['callers: { a: { addresses: [nowhere], kinds: [a] } }', /callers\.a\.addresses\.0: an address or a network/],
    [`callers: { a: { ${valid} }, b: { ${valid} } }`, /callers a and b have the same credential/],
    ['callers: { a: { jwt: [{ issuer: i, subject: s }], kinds: [a] } }', /names an issuer that is not in issuers/],
    ['issuers: [{ issuer: i, audience: a }]\ncallers: {}', /needs one of jwksUrl and jwksFile/],
  ])('with %j is refused by name', (text, problem) => {
    expect(() => parseCallersFile('callers.yaml', text)).toThrow(problem);
    expect(() => parseCallersFile('callers.yaml', text)).not.toThrow(/portal-key/);
  });
});
