export { ShadowModule } from './shadow.module.js';
export { ShadowPolicy } from './shadow-policy.js';
