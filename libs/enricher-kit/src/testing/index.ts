export * from './attribute-faults.js';
export * from './conformance.js';
export * from './faulty-vendor.js';
export * from './fixture-faults.js';
export * from './scripted-server.js';
export * from './scripted-sources.js';
