export * from './context/index.js';
export * from './decision/index.js';
export * from './effects/index.js';
export * from './evidence/index.js';
export * from './judge/index.js';
export * from './modes/index.js';
export * from './shadow/index.js';
export * from './shared/index.js';
