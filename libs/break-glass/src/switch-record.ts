import { canonicalJson, type SigningKey, type VerifyingKeys } from '@iris/evidence';
import { z } from 'zod';

/** Where the switch is in Redis. */
export const BREAK_GLASS_KEY = 'iris:break-glass:v1';
/** Clocks of the operator and of a gateway may differ by so much, in ms. */
const MAX_SKEW_MS = 60_000;

const PURPOSE = 'iris.break-glass.v1';

/** The switch as it is in Redis, signed by an admin key that is not there. */
export const switchRecordSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().min(1).max(100).describe('Id of the switch; the record of its end has the same.'),
  sequence: z.int().min(1).describe('Grows with each record, so that an earlier one is not taken again.'),
  action: z.enum(['on', 'end']),
  issuedAt: z.int().describe('Epoch ms.'),
  expiresAt: z.int().describe('When it ends by itself, epoch ms.'),
  category: z.string().min(1).max(100).optional().describe('The one category that it is for; absent for all.'),
  reason: z.string().min(1).max(500),
  key: z.string().describe('Id of the admin key.'),
  signature: z.string().describe('Ed25519 over the other fields as canonical JSON, base64url.'),
});
export type SwitchRecord = z.infer<typeof switchRecordSchema>;

/** Signs a record. */
export function signedRecord(
  record: Omit<SwitchRecord, 'version' | 'key' | 'signature'>,
  key: SigningKey,
): SwitchRecord {
  const about = { version: 1 as const, ...record, key: key.id };
  return { ...about, signature: key.sign(PURPOSE, canonicalJson(about)) };
}

/** The record in a text, when its form is right. Whether it may be believed is for `problemOf`. */
export function parseRecord(text: string): SwitchRecord | undefined {
  try {
    return switchRecordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Why a record is not believed.
 *
 * @param maxMs longest time that a switch may last
 * @param now epoch ms
 */
export function problemOf(
  record: SwitchRecord,
  { keys, maxMs, now }: { readonly keys: VerifyingKeys; readonly maxMs: number; readonly now: number },
): string | undefined {
  const { signature: _, ...about } = record;
  if (!keys.verify(PURPOSE, canonicalJson(about), record)) return 'it has no valid signature of an admin key';
  if (record.issuedAt > now + MAX_SKEW_MS) return 'it was issued in the future';
  if (record.expiresAt - record.issuedAt > maxMs) return `it lasts longer than ${Math.round(maxMs / 60_000)} min`;
  return undefined;
}
