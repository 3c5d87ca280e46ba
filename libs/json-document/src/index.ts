export { applyEdits, type Edit } from './apply-edits.js';
export { JsonDocument, type JsonPath } from './document.js';
export { DEFAULT_MAX_NODES, parseDocument } from './parse-document.js';
