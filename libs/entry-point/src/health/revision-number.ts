import { hash } from 'node:crypto';

/** A revision as the value of a gauge: 48 bits of its hash, so that a float holds it exactly; 0 for none. */
export function revisionNumber(revision: string): number {
  return revision === '' ? 0 : hash('sha256', revision, 'buffer').readUIntBE(0, 6);
}
