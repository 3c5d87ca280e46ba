export { type Masked, Masker, type MaskingRules } from './masking/masker.js';
export { type EvidenceRecord, evidenceRecordSchema } from './record.js';
export { evidenceFieldTable } from './record-fields.js';
