export { decisionRequest } from './decision-request.js';
export { PipelineModule } from './pipeline.module.js';
export { ReadingModule } from './reading.module.js';
