export { canonicalJson } from './chain/canonical-json.js';
export { HEAD_SCHEMA } from './chain/chain-head.js';
export { type ChainReport, ChainVerifier } from './chain/chain-verifier.js';
export { ChainWriter } from './chain/chain-writer.js';
export { checkLine } from './chain/check-link.js';
export { type Checkpoint, checkpointSchema } from './chain/checkpoint.js';
export { erasedLine } from './chain/erasure.js';
export { type SigningKey, SigningKeyError, signingKey, VerifyingKeys } from './chain/signing-key.js';
export { DeadLetters } from './delivery/dead-letters.js';
export {
  confirmDelivery,
  EVIDENCE_QUEUE,
  EVIDENCE_TRACER,
  EvidenceQueue,
  evidenceJobSchema,
  retryDelayMs,
} from './delivery/evidence-queue.js';
export { EvidenceShipper } from './delivery/shipper.js';
export { type CallStatement, type JoinedCall, joinCalls } from './joined-calls.js';
export { type Masked, Masker } from './masking/masker.js';
export {
  type EvidenceLine,
  evidenceFiles,
  type ReadEvidenceOptions,
  readEvidence,
  readLines,
} from './reading/read-evidence.js';
export { RecentIds } from './reading/recent-ids.js';
export { EVIDENCE_SCHEMA_VERSION, type EvidenceRecord, evidenceRecordSchema } from './record.js';
export { evidenceFieldTable } from './record-fields.js';
export { EvidenceSpool, SpoolFullError, type SpoolOptions } from './spool/evidence-spool.js';
