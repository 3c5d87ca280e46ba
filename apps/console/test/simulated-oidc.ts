import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** What a simulated provider does otherwise than a right one. */
export interface ProviderFaults {
  claims?: JWTPayload;
  nonce?: string;
  issuer?: string;
  audience?: string;
  foreignKey?: boolean;
  state?: string;
}

/**
 * An OpenID provider with one person, who is always logged in: discovery, keys, authorization and token endpoint with
 * PKCE. Source: OpenID Connect Core 1.0, RFC 7636.
 */
export async function startSimulatedOidc() {
  const [keys, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const codes = new Map<string, { nonce: string; challenge: string; clientId: string }>();
  const person: JWTPayload = {
    email: 'vera@lumen.example',
    name: 'Vera',
    groups: ['iris-auditors'],
    email_verified: true,
  };
  const provider = { issuer: '', faults: {} as ProviderFaults, tokenRequests: 0, close: async () => {} };

  const answer = async (url: URL, body: URLSearchParams): Promise<[number, Record<string, string>, string]> => {
    const { issuer, faults } = provider;
    const json = (value: unknown, status = 200): [number, Record<string, string>, string] => [
      status,
      { 'content-type': 'application/json' },
      JSON.stringify(value),
    ];
    if (url.pathname === '/.well-known/openid-configuration') {
      return json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      });
    }
    if (url.pathname === '/keys') return json({ keys: [jwk] });
    if (url.pathname === '/authorize') {
      const code = randomUUID();
      const query = Object.fromEntries(url.searchParams);
      codes.set(code, {
        nonce: query.nonce ?? '',
        challenge: query.code_challenge ?? '',
        clientId: query.client_id ?? '',
      });
      const back = new URL(query.redirect_uri ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', faults.state ?? query.state ?? '');
      return [302, { location: back.href }, ''];
    }
    if (url.pathname !== '/token') return json({}, 404);
    provider.tokenRequests += 1;
    const code = codes.get(body.get('code') ?? '');
    codes.delete(body.get('code') ?? '');
    const verifier = body.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (code === undefined || challenge !== code.challenge) return json({ error: 'invalid_grant' }, 400);
    const idToken = await new SignJWT({ ...person, ...faults.claims, nonce: faults.nonce ?? code.nonce })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(faults.issuer ?? issuer)
      .setAudience(faults.audience ?? code.clientId)
      .setSubject('sub-1')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign((faults.foreignKey === true ? foreign : keys).privateKey);
    return json({ access_token: 'unused', token_type: 'Bearer', id_token: idToken });
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      const [status, headers, text] = await answer(new URL(request.url ?? '/', provider.issuer), body);
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return provider;
}
