import { eventually } from '@iris/context-cache/testing';
import type { SourceId, Subject } from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LookupResult, VendorSource } from '../enricher-definition.js';
import { VendorError, type VendorErrorKind } from '../vendor-error.js';
import { faultsOfAttributes } from './attribute-faults.js';
import { type FaultMode, RETRY_AFTER_SECONDS } from './faulty-vendor.js';

/** A source over the simulated API of its vendor. */
export interface ConformanceVendor {
  readonly source: VendorSource;
  /** Whom the vendor knows. */
  readonly known: Subject;
  /** Whom the vendor does not know; a well-formed name. */
  readonly unknown: Subject;
  /** Texts that must not be in an error: tokens, passwords, keys. */
  readonly secrets: readonly string[];
  /** Replaces every answer of the simulated API by a fault. */
  fault(mode: FaultMode): void | Promise<void>;
  /** How many requests the simulated API has received. */
  requests(): number;
  /** How many requests were given up before they were answered. */
  abandoned(): number;
  close(): Promise<void>;
}

export interface Conformance {
  /** Whether the source is asked by login name or by stable node id. */
  readonly askedBy: 'login' | 'node';
  /** Of whom the simulated API has several active records; absent where the vendor cannot have them. */
  readonly ambiguous?: Subject;
  start(): Promise<ConformanceVendor>;
}

/** Names that some API reads as another record, a list, a query or a path. None of them is the known subject. */
const TREACHEROUS_KEYS = [
  '',
  '.',
  '..',
  '../',
  'me',
  '*',
  '%',
  "o'brien+x@b.c",
  'my#e@b.c',
  'my?e@b.c',
  'a/b@b.c',
  'a@b.c^ORactive=true',
  'a@b.c^NQactive=false',
  'a" or profile.login pr or "@b.c',
  `${'x'.repeat(600)}@b.c`,
  'a\u0000@b.c',
  'a\u200b@b.c',
  'a@b\u0131.c',
  'user@github',
  'tagged-devices',
] as const;

const KIND_OF_FAULT: Readonly<Record<Exclude<FaultMode, 'none' | 'hang'>, VendorErrorKind>> = {
  unauthorized: 'unauthorized',
  rate_limited: 'rate_limited',
  server_error: 'unavailable',
  html: 'bad_response',
  truncated: 'bad_response',
};

/**
 * What every source must do, whatever its vendor. A vendor's spec calls it with its own fixtures; it declares the tests.
 */
export function runConformance(id: SourceId, { askedBy, ambiguous, start }: Conformance): void {
  describe(`the source ${id} conforms`, () => {
    let vendor: ConformanceVendor;

    beforeEach(async () => {
      vendor = await start();
    });
    afterEach(async () => {
      await vendor.source.close?.();
      await vendor.close();
    });

    const lookup = (subject: Subject, signal = new AbortController().signal): Promise<LookupResult> =>
      vendor.source.lookup(subject, { signal, now: Date.now() });

    const refusal = async (subject: Subject, signal?: AbortSignal): Promise<VendorError> => {
      const error = await lookup(subject, signal).then(
        (result) => new Error(`answered ${result.status}`),
        (thrown: Error) => thrown,
      );
      expect(error).toBeInstanceOf(VendorError);
      const shown = JSON.stringify([error.message, error.stack, error, error.cause]);
      for (const secret of vendor.secrets) expect(shown).not.toContain(secret);
      return error as VendorError;
    };

    const withKey = (key: string): Subject =>
      askedBy === 'login' ? { principal: key, loginName: key } : { ...vendor.known, nodeId: key };

    it('finds subjects of the vendor, and returns only what it declares', async () => {
      const result = await lookup(vendor.known);
      expect(result.status).toBe('FOUND');
      if (result.status !== 'FOUND') return;
      expect(faultsOfAttributes(id, result.attributes)).toEqual([]);
      expect(result.endsAt === undefined || Number.isFinite(result.endsAt)).toBe(true);
    });

    it('does not find whom the vendor does not know', async () => {
      expect(await lookup(vendor.unknown)).toEqual({ status: 'NOT_FOUND', reason: 'subject_not_found' });
    });

    if (ambiguous !== undefined) {
      it('does not choose between several records', async () => {
        expect(await lookup(ambiguous)).toEqual({ status: 'NOT_FOUND', reason: 'subject_ambiguous' });
      });
    }

    it.each(TREACHEROUS_KEYS)('does not take %j for somebody', async (key) => {
      const outcome = await lookup(withKey(key)).then(
        ({ status }) => status,
        (error: unknown) => (error instanceof VendorError ? error.kind : String(error)),
      );
      // A simulated API that answers another record than asked for is no answer that can be trusted.
      expect(['NOT_FOUND', 'bad_response']).toContain(outcome);
    });

    it('does not take the known name with a blank at its end for the known one', async () => {
      const key = (askedBy === 'login' ? vendor.known.loginName : vendor.known.nodeId) ?? '';
      expect((await lookup(withKey(`${key} `))).status).toBe('NOT_FOUND');
    });

    it('asks nobody about a subject without a name', async () => {
      const { principal } = vendor.known;
      expect((await lookup({ principal })).status).toBe('NOT_FOUND');
      expect(vendor.requests()).toBe(0);
    });

    it.each(Object.entries(KIND_OF_FAULT) as [Exclude<FaultMode, 'none' | 'hang'>, VendorErrorKind][])(
      'reports %s of the vendor, and recovers',
      async (mode, kind) => {
        await vendor.fault(mode);
        const error = await refusal(vendor.known);
        expect(error.kind).toBe(kind);
        if (mode === 'rate_limited') expect(error.retryAfterMs).toBe(RETRY_AFTER_SECONDS * 1000);
        await vendor.fault('none');
        expect((await lookup(vendor.known)).status).toBe('FOUND');
      },
    );

    it.each<['timeout' | 'cancelled']>([['timeout'], ['cancelled']])(
      'gives a request that hangs up when it is aborted by %s',
      async (kind) => {
        await vendor.fault('hang');
        const controller = new AbortController();
        const refused = refusal(vendor.known, controller.signal);
        await eventually(async () => expect(vendor.requests()).toBeGreaterThan(0));
        controller.abort(new VendorError(kind, 'aborted by the test'));
        expect((await refused).kind).toBe(kind);
        await eventually(async () => expect(vendor.abandoned()).toBeGreaterThan(0));
      },
    );

    it('does not ask when it is aborted already', async () => {
      const signal = AbortSignal.abort(new VendorError('cancelled', 'aborted by the test'));
      expect((await refusal(vendor.known, signal)).kind).toBe('cancelled');
    });
  });
}
