export { markRun as default } from './left-over-processes.mjs';
