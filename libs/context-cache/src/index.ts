export * from './context-reader.js';
export * from './context-writer.js';
export * from './entry.js';
export * from './redis-connection.js';
export * from './refresh-queue.js';
export * from './scheduled-job.js';
export * from './single-flight.js';
