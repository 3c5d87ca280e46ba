export { ShadowPolicy } from './shadow-policy.js';
