import type { EvidenceRecord } from '@iris/evidence';

/** The revision of what decides: a verdict of another revision may be another verdict. */
export abstract class PolicyRevision {
  abstract readonly revision: string;

  /** What is in force now, as records state it. */
  abstract inForce(): EvidenceRecord['revisions'];
}
