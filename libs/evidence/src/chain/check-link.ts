import { canonicalJson } from './canonical-json.js';
import { type ChainLink, chainLinkSchema } from './chain-fields.js';
import { type ChainHead, chainHeadSchema, HEAD_SCHEMA } from './chain-head.js';
import { type Erasure, erasureSchema, holdsNothingPersonal } from './erasure.js';
import { linkHash, personalHash, splitRecord } from './record-hash.js';

/** What one line is, by itself. */
export type CheckedLine =
  | { readonly kind: 'record'; readonly id: string; readonly link: ChainLink; readonly erased?: Erasure }
  | { readonly kind: 'head'; readonly id: string; readonly link: ChainLink; readonly head: ChainHead }
  | { readonly kind: 'unchained'; readonly id: string }
  /** `link` is what the line states of itself. */
  | { readonly kind: 'changed'; readonly id: string; readonly link: ChainLink; readonly detail: string }
  | { readonly kind: 'unreadable' };

/** Checks the hashes of one parsed line. */
export function checkLine(line: unknown): CheckedLine {
  if (typeof line !== 'object' || line === null || Array.isArray(line)) return { kind: 'unreadable' };
  const id = textOf((line as { id?: unknown }).id);
  const { chain } = line as { chain?: unknown };
  const isHead = (line as { schema?: unknown }).schema === HEAD_SCHEMA;
  if (chain === undefined && !isHead) return { kind: 'unchained', id };
  const link = chainLinkSchema.safeParse(chain);
  if (!link.success) return { kind: 'unreadable' };
  return isHead ? checkHead(line, id, link.data) : checkRecord(line, id, link.data);
}

function checkHead(line: object, id: string, link: ChainLink): CheckedLine {
  const parsed = chainHeadSchema.safeParse(line);
  if (!parsed.success) return { kind: 'changed', id, link, detail: 'the head has other fields than a head' };
  const { signature: _, chain: __, ...about } = parsed.data;
  if (linkHash(about, link) !== link.hash) return { kind: 'changed', id, link, detail: 'the hash of the head differs' };
  return { kind: 'head', id, link, head: parsed.data };
}

function checkRecord(line: object, id: string, link: ChainLink): CheckedLine {
  const changed = (detail: string): CheckedLine => ({ kind: 'changed', id, link, detail });
  const { impersonal, personal } = splitRecord(line);
  if (link.personal === undefined) return changed('the record has no hash of its personal fields');
  if (linkHash(impersonal, link) !== link.hash) return changed('the hash of the record differs');
  const { erased } = line as { erased?: unknown };
  if (erased !== undefined) {
    const erasure = erasureSchema.safeParse(erased);
    if (!erasure.success || link.salt !== undefined || !holdsNothingPersonal(personal)) {
      return changed('the record is marked as erased and holds other fields than an erasure leaves');
    }
    return { kind: 'record', id, link, erased: erasure.data };
  }
  if (link.salt === undefined || personalHash(link.salt, canonicalJson(personal)) !== link.personal) {
    return changed('the hash of the personal fields differs');
  }
  return { kind: 'record', id, link };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
