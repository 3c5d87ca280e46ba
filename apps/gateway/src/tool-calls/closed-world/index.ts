export {
  allOf,
  type Container,
  type Fields,
  type FormatKinds,
  type KnownKind,
  listed,
  plain,
  statedKind,
  type Union,
} from './kinds.js';
export { readKinds } from './read-kinds.js';
export { elementsOf, nodesOf, unlistedCalls } from './response-nodes.js';
export { shownPath } from './shown-path.js';
export { SourcePaths } from './source-paths.js';
export { unrecognisedCall, unrecognisedTool } from './unrecognised.js';
