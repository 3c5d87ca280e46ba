import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type JsonObject, withoutPrototypeKeys } from '../json.js';
import type { SourceAnswer } from './source-answer.js';
import {
  EnricherServiceService,
  fromEnrichRequest,
  fromEnrichResponse,
  toEnrichRequest,
  toEnrichResponse,
} from './wire.js';

const { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = EnricherServiceService.enrich;

const attributes = fc
  .dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }))
  .map((facts) => withoutPrototypeKeys(facts as JsonObject));

/** Times as the wire keeps them: whole ms. */
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe('an answer', () => {
  it('comes out of the wire as it went in', () => {
    fc.assert(
      fc.property(attributes, time, time, time, fc.string(), (facts, observedAt, freshUntil, staleUntil, revision) => {
        const answer: SourceAnswer = {
          status: 'FOUND',
          attributes: facts,
          observedAt,
          freshUntil,
          staleUntil,
          revision: revision.toWellFormed() || undefined,
          reason: undefined,
        };
        expect(fromEnrichResponse(responseDeserialize(responseSerialize(toEnrichResponse(answer))))).toEqual(answer);
      }),
    );
  });

  it('cannot give the receiver an object with another prototype', () => {
    const poisoned = JSON.parse('{"device": {"__proto__": {"managed": true}, "os": "linux"}, "__proto__": {"a": 1}}');
    const answer = { status: 'FOUND', attributes: poisoned, observedAt: 1, freshUntil: 1, staleUntil: 1 } as const;
    const { attributes } = fromEnrichResponse(responseDeserialize(responseSerialize(toEnrichResponse(answer))));
    expect(attributes).toEqual({ device: { os: 'linux' } });
    expect((attributes.device as JsonObject).managed).toBeUndefined();
    expect(attributes.a).toBeUndefined();
  });

  it('counts as unavailable when its status is not known, and never as found', () => {
    const response = toEnrichResponse({ status: 'FOUND', attributes: {}, observedAt: 0, freshUntil: 0, staleUntil: 0 });
    const unknown = fromEnrichResponse({ ...response, status: 'STATUS_NEW' as typeof response.status });
    expect(unknown).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_unavailable' });
  });

  it('counts as unavailable when it is found and its attributes are missing', () => {
    const response = toEnrichResponse({ status: 'FOUND', attributes: {}, observedAt: 1, freshUntil: 1, staleUntil: 1 });
    const read = (change: object) =>
      fromEnrichResponse(responseDeserialize(responseSerialize({ ...response, ...change })));
    expect(read({})).toMatchObject({ status: 'FOUND', attributes: {} });
    expect(read({ attributes: undefined })).toMatchObject({ status: 'UNAVAILABLE', reason: 'source_unavailable' });
  });

  it('keeps no reason id that is not in the list', () => {
    const answer = { status: 'NOT_FOUND', attributes: {}, observedAt: 1, freshUntil: 1, staleUntil: 1 } as const;
    const response = { ...toEnrichResponse(answer), reasonId: 'made_up' };
    expect(fromEnrichResponse(response).reason).toBe('source_unavailable');
  });
});

describe('a question', () => {
  it('comes out of the wire as it went in', () => {
    const text = fc.string({ minLength: 1 }).map((value) => value.toWellFormed());
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        text,
        text,
        fc.boolean(),
        (principal, loginName, kind, id, fromVendor) => {
          const request = toEnrichRequest({ principal, loginName }, { kind, id }, fromVendor);
          expect(fromEnrichRequest(requestDeserialize(requestSerialize(request)))).toEqual({
            subject: { principal, loginName, nodeId: undefined },
            resource: { kind, id },
            fromVendor,
          });
        },
      ),
    );
  });
});
