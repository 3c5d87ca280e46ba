export * from './decision-log.js';
