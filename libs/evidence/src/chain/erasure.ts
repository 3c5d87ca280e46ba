import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import { chainLinkSchema } from './chain-fields.js';
import { splitRecord } from './record-hash.js';
import type { SigningKey } from './signing-key.js';

/** What is in a record whose personal fields were erased. */
export const erasureSchema = z.strictObject({
  time: z.iso.datetime().describe('When, UTC.'),
  reason: z.string().describe('Why, as the operator stated it.'),
  key: z.string().optional().describe('Id of the key that signed the erasure.'),
  signature: z
    .string()
    .optional()
    .describe('Ed25519 over the hash of the record, time and reason, base64url; absent where no key was given.'),
});
export type Erasure = z.infer<typeof erasureSchema>;

/** The personal fields that a reader of records needs, without a person in them. */
const ERASED_FIELDS = {
  hookKey: '[erased]',
  principal: { id: '[erased]', roles: [], attr: {} },
  attributeOrigins: {},
  policy: { derivedRoles: [], outputs: [] },
} as const;

/** What is signed for an erasure. */
export function erasureText(recordHash: string, { time, reason }: Erasure): string {
  return canonicalJson({ hash: recordHash, time, reason });
}

/**
 * The line of a record without its personal fields and their salt. The hash of the personal fields stays, so the chain
 * holds; without the salt it states nothing about them. Effect, reason, rules and revisions stay.
 *
 * @param record the parsed line of a record; one of an earlier release belongs to no chain
 * @throws Error when its link has another form
 */
export function erasedLine(
  record: object,
  { reason, time, key }: { reason: string; time: Date; key?: SigningKey },
): string {
  const link = chainLinkSchema.optional().parse((record as { chain?: unknown }).chain);
  const about = { time: time.toISOString(), reason };
  const signed = link !== undefined && key !== undefined;
  const erased: Erasure = signed
    ? { ...about, key: key.id, signature: key.sign('iris.evidence.erasure.v1', erasureText(link.hash, about)) }
    : about;
  const chain = link && { ...link, salt: undefined };
  const { impersonal } = splitRecord(record);
  const policy = { ...(impersonal.policy as object), ...ERASED_FIELDS.policy };
  return canonicalJson({ ...impersonal, ...ERASED_FIELDS, policy, chain, erased });
}

/** Whether what is beside the impersonal fields of an erased record is nothing but what an erasure leaves. */
export function holdsNothingPersonal(personal: object): boolean {
  return canonicalJson(personal) === canonicalJson(ERASED_FIELDS);
}
