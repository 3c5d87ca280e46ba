export type { Conclusion } from './conclusion.js';
export { block } from './denials.js';
export { VerdictModule } from './verdict.module.js';
export { VerdictService } from './verdict.service.js';
