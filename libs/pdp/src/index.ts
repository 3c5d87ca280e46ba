export { toAttributes, toAttributeValue } from './attribute-value.js';
export { CerbosPdp, type CerbosPdpOptions } from './cerbos-pdp.js';
export { type GoldenChecks, type GoldenReport, parseGoldenChecks, runGoldenChecks } from './golden-decisions.js';
export * from './pdp.js';
