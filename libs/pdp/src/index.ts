export { toAttributes } from './attribute-value.js';
export { CerbosPdp } from './cerbos-pdp.js';
export { type GoldenChecks, type GoldenReport, parseGoldenChecks, runGoldenChecks } from './golden-decisions.js';
export * from './pdp.js';
export { pdpChannelOptions } from './pdp-channel-options.js';
