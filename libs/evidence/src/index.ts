export { maskParameters } from './masking.js';
export { type EvidenceRecord, evidenceRecordSchema } from './record.js';
export { EvidenceSpool } from './spool.js';
