export { EvidenceModule } from './evidence.module.js';
export { EvidenceService } from './evidence.service.js';
