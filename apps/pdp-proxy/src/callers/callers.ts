import { hash } from 'node:crypto';
import { NetworkList } from '@iris/config';
import type { Authentication, Caller, Credentials } from './caller.js';
import { type CallerEntry, type CallersFile } from './callers-file.js';
import { JwtVerifier } from './jwt-verifier.js';

/**
 * Finds the caller of a request by its client certificate, a JWT, a key or its address. A credential that is sent and
 * not valid is never ignored, and two that name different callers are refused.
 */
export class Callers {
  private readonly byName = new Map<string, CallerEntry>();
  private readonly byCertificate = new Map<string, CallerEntry>();
  private readonly byKey = new Map<string, CallerEntry>();
  private readonly byJwt = new Map<string, CallerEntry>();
  private readonly networks: readonly { readonly list: NetworkList; readonly entry: CallerEntry }[];
  private readonly jwt: JwtVerifier;

  constructor({ callers, issuers }: CallersFile) {
    for (const entry of callers) {
      this.byName.set(entry.name, entry);
      for (const id of entry.spiffe) this.byCertificate.set(`URI:${id}`, entry);
      for (const name of entry.san) this.byCertificate.set(`DNS:${name.toLowerCase()}`, entry);
      for (const key of entry.keys) this.byKey.set(digest(key), entry);
      for (const { issuer, subject } of entry.jwt) this.byJwt.set(`${issuer}\n${subject}`, entry);
    }
    this.networks = callers.map((entry) => ({ list: new NetworkList(entry.addresses), entry }));
    this.jwt = new JwtVerifier(issuers);
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** A promise only where a JWT has to be verified. */
  authenticate(credentials: Credentials): Authentication | Promise<Authentication> {
    const certificate = this.ofCertificate(credentials.certificateNames);
    if (certificate === 'several') return refused('the client certificate names several callers');
    const token = bearer(credentials.header('authorization'));
    const key = credentials.header('x-api-key') ?? (token !== undefined && !isJwt(token) ? token : undefined);
    if (token !== undefined && isJwt(token)) {
      if (key !== undefined) return refused('the request has a JWT and a key; send one of them');
      return this.jwt.verify(token).then((verified) => {
        if (!verified.ok) return verified;
        const entry = this.byJwt.get(`${verified.issuer}\n${verified.subject}`);
        if (entry === undefined) return refused('the subject of the JWT is no caller');
        return this.agreed(certificate, { entry, by: 'jwt' });
      });
    }
    if (key !== undefined) {
      // Looked up by its digest: the time that takes reveals nothing about a key.
      const entry = this.byKey.get(digest(key));
      return entry === undefined ? refused('the key is not known') : this.agreed(certificate, { entry, by: 'key' });
    }
    if (certificate !== undefined) return accepted(certificate, 'certificate');
    const neighbour = this.ofAddress(credentials.address);
    if (neighbour !== undefined) return accepted(neighbour, 'address');
    return refused('send a client certificate, a JWT or a key (Authorization: Bearer) of a configured caller');
  }

  private agreed(
    certificate: CallerEntry | undefined,
    { entry, by }: { readonly entry: CallerEntry; readonly by: Caller['by'] },
  ): Authentication {
    if (certificate !== undefined && certificate !== entry) {
      return refused('the client certificate and the request name different callers');
    }
    return accepted(entry, by);
  }

  private ofCertificate(names: string | undefined): CallerEntry | 'several' | undefined {
    if (names === undefined || names === '') return undefined;
    const found = new Set<CallerEntry>();
    // Node.js quotes names that hold a separator, so those equal no configured one.
    for (const name of names.split(', ')) {
      const entry = this.byCertificate.get(name.startsWith('DNS:') ? `DNS:${name.slice(4).toLowerCase()}` : name);
      if (entry !== undefined) found.add(entry);
    }
    return found.size > 1 ? 'several' : found.values().next().value;
  }

  private ofAddress(address: string | undefined): CallerEntry | undefined {
    return this.networks.find(({ list }) => list.has(address))?.entry;
  }
}

function accepted({ name, kinds, search }: CallerEntry, by: Caller['by']): Authentication {
  return { ok: true, caller: { name, kinds, search, by } };
}

function refused(problem: string): Authentication {
  return { ok: false, problem };
}

function bearer(header: string | undefined): string | undefined {
  const found = header === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(header)?.[1];
  return header !== undefined && found === undefined ? '' : found;
}

function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

function digest(key: string): string {
  return hash('sha256', key, 'base64url');
}
