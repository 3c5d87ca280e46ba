export { fromValue, fromValues, toValue } from './attribute-values.js';
export { Enricher } from './enricher.js';
export { type Mapping, type PersonPlace, readMapping, type SubjectMapping, type TypeMapping } from './mapping-file.js';
