export { applyEdits, type Edit } from './apply-edits.js';
export { JsonDocument, type JsonPath, type Span } from './document.js';
export { DEFAULT_MAX_NODES, type ParseFailureReason, type ParseResult, parseDocument } from './parse-document.js';
