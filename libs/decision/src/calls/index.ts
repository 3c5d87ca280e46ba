/** What follows from a call alone. Light: worker threads load it, and neither clients nor Nest come with it. */
export { contentDigest } from './content-digest.js';
export { madeId } from './made-ids.js';
export { DEFAULT_PARAMS_LIMITS } from './params-limits.js';
export { policyParams } from './policy-params.js';
