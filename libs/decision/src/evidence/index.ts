export { EvidenceService } from './evidence.service.js';
