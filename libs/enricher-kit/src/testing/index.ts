export * from './attribute-faults.js';
export * from './scripted-server.js';
