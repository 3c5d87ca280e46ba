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
export { type Masked, Masker } from './masking/masker.js';
export { type ReadEvidenceOptions, readEvidence } from './reading/read-evidence.js';
export { EVIDENCE_SCHEMA_VERSION, type EvidenceRecord, evidenceRecordSchema } from './record.js';
export { evidenceFieldTable } from './record-fields.js';
export { EvidenceSpool, SpoolFullError, type SpoolOptions } from './spool/evidence-spool.js';
