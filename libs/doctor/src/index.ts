export { CHECKED_AGENTS, checkAgent } from './agents/check-agent.js';
export { checkAperture } from './check-aperture.js';
export { checkClocks } from './check-clocks.js';
export { checkEnrichers } from './check-enrichers.js';
export { checkGateway } from './check-gateway.js';
export { checkPdp } from './check-pdp.js';
export { checkRedis } from './check-redis.js';
export { type CheckOutcome, FINDINGS, type Finding, skipped } from './findings.js';
