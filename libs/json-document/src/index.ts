export { applyEdits, type Edit } from './apply-edits.js';
export { JsonDocument, type JsonPath, type Span } from './document.js';
export { type ParseFailureReason, type ParseResult, parseDocument } from './parse-document.js';
