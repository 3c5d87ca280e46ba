import type { ContextWriter, EntryAddress, KnownSubjects, RecordIndex } from '@iris/context-cache';
import type { SourceAnswer, SourceId } from '@iris/contracts';
import type { VendorSource } from './enricher-definition.js';

/** Where entries are kept. */
export interface EntryStore {
  readonly writer: ContextWriter;
  readonly records: RecordIndex;
  /** Absent: lists are never complete. */
  readonly known?: KnownSubjects;
}

/** Whose entry it is. */
export interface EntryOwner {
  readonly id: SourceId;
  readonly source: Pick<VendorSource, 'recordsOf'>;
  /** Absent for an entry about a resource. */
  readonly principal?: string;
}

/**
 * Keeps an answer where the gateways read it, and first makes it known under the vendor's own ids: a webhook that comes
 * between the two then finds it.
 *
 * @returns whether it was written; not so when something newer is there
 * @throws when Redis fails
 */
export async function keepEntry(
  store: EntryStore,
  { id, source, principal }: EntryOwner,
  address: EntryAddress,
  answer: SourceAnswer,
): Promise<boolean> {
  const records = answer.status === 'FOUND' ? (source.recordsOf?.(answer.attributes) ?? []) : [];
  if (principal !== undefined) await store.records.add(id, records, principal, answer.staleUntil);
  return store.writer.write(address, answer);
}
