import { isJsonObject, type Subject } from '@iris/contracts';
import type { LookupResult, VendorCall, VendorSource } from '../enricher-definition.js';
import { bearer } from '../http/credentials.js';
import { VendorHttp } from '../http/vendor-http.js';
import { loginKey, sameAddress } from '../login-key.js';
import { VendorError } from '../vendor-error.js';
import { runConformance } from './conformance.js';
import { startFaultyVendor } from './faulty-vendor.js';

/** A directory of people, read as a vendor of its kind would be. */
class Directory implements VendorSource {
  constructor(private readonly http: VendorHttp) {}

  async lookup(subject: Subject, { signal }: VendorCall): Promise<LookupResult> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    const { json } = await this.http.get('/people', { query: { email: login.key }, signal });
    if (!isJsonObject(json) || !Array.isArray(json.people)) throw new VendorError('bad_response', 'no list');
    const people = json.people
      .filter(isJsonObject)
      .filter(({ email }) => typeof email === 'string' && sameAddress(email, login.key));
    const [person] = people;
    if (person === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (people.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };
    return { status: 'FOUND', attributes: { email: person.email ?? '', groups: [] } };
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

const named = (loginName: string): Subject => ({ principal: loginName, loginName });

runConformance('okta', {
  askedBy: 'login',
  ambiguous: named('two@example.com'),
  start: async () => {
    const people = ['ana@example.com', 'two@example.com', 'two@example.com'].map((email) => ({ email }));
    const server = await startFaultyVendor(() => ({ body: { people } }));
    const http = new VendorHttp({ baseUrl: server.url, auth: bearer('s3cret'), timeoutMs: 5000, maxBytes: 10_000 });
    return {
      source: new Directory(http),
      known: named('ana@example.com'),
      unknown: named('nobody@example.com'),
      secrets: ['s3cret'],
      fault: server.fault,
      requests: () => server.requests.length,
      abandoned: server.abandoned,
      close: server.close,
    };
  },
});
