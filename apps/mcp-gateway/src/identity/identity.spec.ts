import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NetworkList } from '@iris/config';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { authenticate } from './authenticator.js';
import { JwtBearer } from './jwt-bearer.js';
import { StaticKeys } from './static-keys.js';
import { TailscaleHeaders } from './tailscale-headers.js';

const ISSUER = 'https://login.lumen.example';
const AUDIENCE = 'https://mcp.lumen.example/mcp';
const ANA = 'ana@lumen.example';

function request(headers: Record<string, string>, remoteAddress = '10.0.0.9'): IncomingMessage {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

describe('TailscaleHeaders', () => {
  const headers = new TailscaleHeaders(new NetworkList(['10.0.0.1']));
  it.each([
    ['from its proxy', '10.0.0.1', ANA, ANA],
    ['from its proxy as a mapped address', '::ffff:10.0.0.1', ANA, ANA],
    ['from anywhere else', '10.0.0.2', ANA, undefined],
    ['without a login', '10.0.0.1', ' ', undefined],
    ['with two logins', '10.0.0.1', `${ANA}, ben@lumen.example`, undefined],
  ])('a login %s', async (_title, address, login, expected) => {
    const caller = await headers.authenticate(request({ 'tailscale-user-login': login }, address));
    expect(caller?.who.id).toBe(expected);
  });
});

describe('StaticKeys', () => {
  it('speak each for one person', async () => {
    const keys = new StaticKeys([{ name: 'laptop', key: 'key-of-ana' }], { laptop: ANA });
    expect(await keys.authenticate(request({ authorization: 'Bearer key-of-ana' }))).toMatchObject({
      who: { id: ANA },
    });
    expect(await keys.authenticate(request({ authorization: 'Bearer key-of-an' }))).toBeUndefined();
    expect(() => new StaticKeys([{ name: 'laptop', key: 'key-of-ana' }], {})).toThrow(/the key laptop has no login/);
  });
});

describe('JwtBearer', () => {
  let http: Server;
  let bearer: JwtBearer;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  const unavailable: string[] = [];

  beforeAll(async () => {
    keys = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
    http = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}/keys`;
    const options = { issuer: ISSUER, audience: [AUDIENCE], jwksUrl, loginClaim: 'email' };
    bearer = new JwtBearer(options, (error) => unavailable.push(error.message));
  });
  afterAll(() => new Promise((resolve) => http.close(resolve)));

  const VALID: JWTPayload = {
    sub: 'u1',
    email: ANA,
    iss: ISSUER,
    aud: AUDIENCE,
    exp: Math.floor(Date.now() / 1000) + 600,
  };

  async function tokenOf(payload: JWTPayload, key = keys.privateKey, kid = 'k1'): Promise<string> {
    return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid }).sign(key);
  }

  async function callerOf(token: string) {
    const caller = await bearer.authenticate(request({ authorization: `Bearer ${token}` }));
    return caller === undefined || caller === 'refused' ? caller : caller.who.id;
  }

  it('accepts a token for this resource, again without its keys', async () => {
    const token = await tokenOf(VALID);
    expect([await callerOf(token), await callerOf(token)]).toEqual([ANA, ANA]);
  });

  it.each<[string, JWTPayload]>([
    ['another audience', { ...VALID, aud: 'https://other.example' }],
    ['another issuer', { ...VALID, iss: 'https://evil.example' }],
    ['an end in the past', { ...VALID, exp: Math.floor(Date.now() / 1000) - 60 }],
    ['no end', { ...VALID, exp: undefined }],
    ['no subject', { ...VALID, sub: undefined }],
    ['no login', { ...VALID, email: undefined }],
    ['an address that is not proven', { ...VALID, email_verified: false }],
    ['a login that is a list', { ...VALID, email: [ANA] }],
  ])('refuses a token with %s', async (_title, payload) => {
    expect(await callerOf(await tokenOf(payload))).toBe('refused');
  });

  it('refuses a token of another key, one without a signature and what is no token', async () => {
    const other = await generateKeyPair('ES256');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(VALID)).toString('base64url')}.`;
    const tokens = [await tokenOf(VALID, other.privateKey), unsigned, 'text', 'x'.repeat(20_000)];
    expect(await Promise.all(tokens.map(callerOf))).toEqual(['refused', 'refused', 'refused', 'refused']);
  });

  it('refuses every token while there are no keys, and reports it', async () => {
    const options = { issuer: ISSUER, audience: [AUDIENCE], jwksUrl: 'http://127.0.0.1:1/keys', loginClaim: 'email' };
    const without = new JwtBearer(options, (error) => unavailable.push(error.message));
    const header = { authorization: `Bearer ${await tokenOf(VALID)}` };
    expect(await without.authenticate(request(header))).toBe('refused');
    expect(unavailable).toHaveLength(1);
  });

  it('is no identity by a claim of the caller', async () => {
    const claimed = request({ 'x-forwarded-user': ANA, 'tailscale-user-login': ANA, cookie: `login=${ANA}` });
    expect(
      await authenticate([new TailscaleHeaders(new NetworkList([])), new StaticKeys([], {}), bearer], claimed),
    ).toBeUndefined();
  });
});
