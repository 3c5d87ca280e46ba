import type { SettingsSchema, SettingsValues } from '@iris/config';
import type { CallBudget } from '@iris/context-cache';
import type { JsonObject, ReasonId, ResourceRef, SourceId, Subject } from '@iris/contracts';
import type { HeaderMap } from './http/retry-after.js';

/** What a lookup of a subject or a resource returns. */
export type LookupResult =
  | {
      readonly status: 'FOUND';
      /** Paths as the source's list of attributes names them; only facts that are known. */
      readonly attributes: JsonObject;
      /** Epoch ms when the first of these facts ends by itself (a shift, an employment); ends the answer too. */
      readonly endsAt?: number;
      /** The vendor's own version of the record. */
      readonly revision?: string;
      /** Epoch ms when the oldest part of the facts was read, where that is before the call: a list that is kept. */
      readonly readAt?: number;
    }
  | {
      readonly status: 'NOT_FOUND';
      readonly reason: Extract<
        ReasonId,
        'subject_not_found' | 'subject_ambiguous' | 'subject_invalid' | 'subject_not_mapped' | 'subject_not_a_person'
      >;
    };

/** What a call to a vendor may use. */
export interface VendorCall {
  /** Aborted at the vendor timeout, or when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** The present, in epoch ms. */
  readonly now: number;
  /** A list that the source keeps and read before this time, in epoch ms, must not be used. Absent: any will do. */
  readonly notBefore?: number;
  /**
   * Called for each row that is left out because its shape is not understood.
   *
   * @param list the name of the vendor's list
   * @param id the vendor's own id of the row, where it can be read
   */
  readonly leftOut?: (list: string, id?: unknown) => void;
}

/** Result of a bulk read for one subject. */
export interface BulkItem {
  readonly subject: Subject;
  readonly result: LookupResult;
  /** Facts are left out because a list has rows that are not understood. It replaces no entry that is still fresh. */
  readonly partial?: boolean;
}

/** Summary of a bulk read. */
export interface BulkOutcome {
  /**
   * Whether a subject that no item is about is not known to the vendor. Lookups about it are then answered without the
   * vendor until the list is as old as a "not found" may be.
   */
  readonly complete: boolean;
}

/** The items of a bulk read; its return value is optional, and without one the list is not complete. */
// biome-ignore lint/suspicious/noConfusingVoidType: a generator without a return statement returns void
export type BulkRead = AsyncGenerator<BulkItem, BulkOutcome | undefined | void>;

/** A webhook request of a vendor, as received. */
export interface WebhookRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: HeaderMap;
  readonly query: URLSearchParams;
  /** The bytes that a signature is made of. */
  readonly body: Buffer;
}

/** A change that a webhook reports. */
export interface WebhookEvent {
  /** The same whenever the vendor sends the event again; covered by what proves that the webhook is the vendor's. */
  readonly id: string;
  /** Whose facts have changed, as far as the webhook names them by what the vendor is asked by. */
  readonly subjects?: readonly Subject[];
  /** The vendor's records that have changed; `recordsOf` told whose entries are made of them. */
  readonly records?: readonly string[];
  /** Whether so many may be concerned that everything is read in bulk. */
  readonly everybody?: boolean;
}

export interface WebhookReply {
  /** HTTP status. */
  readonly status: number;
  readonly body?: JsonObject;
  /** What has changed: the entries concerned are dropped everywhere and read again. */
  readonly events?: readonly WebhookEvent[];
}

/**
 * One vendor. Methods throw `VendorError` when the vendor does not answer usefully; every other error counts as an
 * unexpected error of the vendor's answer.
 */
export interface VendorSource {
  /** What the vendor knows of a person or a device. */
  lookup(subject: Subject, call: VendorCall): Promise<LookupResult>;
  /** What the vendor knows of a resource; only for sources whose registry entry lists kinds of resource. */
  lookupResource?(resource: ResourceRef, call: VendorCall): Promise<LookupResult>;
  /**
   * All that the vendor knows, by cheap reads in bulk; run on a schedule by one replica. A missing subject proves nothing,
   * unless the read returns that it is complete.
   */
  bulk?(call: VendorCall): BulkRead;
  /**
   * What has changed since a time (epoch ms), where the vendor can tell; more is no harm. Run more often than `bulk`.
   */
  bulkSince?(since: number, call: VendorCall): BulkRead;
  /**
   * Takes a webhook of the vendor. The source checks that it comes from the vendor; its content is not
   * believed but read again.
   */
  webhook?(request: WebhookRequest): Promise<WebhookReply>;
  /** Ids of the vendor's records that attributes of a subject are made of, by which a webhook may name them. */
  recordsOf?(attributes: JsonObject): readonly string[];
  /** Frees sockets and timers. */
  close?(): Promise<void>;
}

/** What the kit gives to a source. */
export interface SourceTools {
  /** Counts the calls that the vendor still allows, for all replicas. */
  readonly budget: CallBudget;
}

/** Everything the kit must know of a vendor. */
export interface EnricherDefinition<S extends SettingsSchema> {
  readonly id: SourceId;
  /** The vendor's own settings: URL, credentials, mapping options. */
  readonly settings: S;
  /** @param tools absent: the source shares nothing with other replicas */
  create(settings: SettingsValues<S>, tools?: SourceTools): VendorSource;
}
