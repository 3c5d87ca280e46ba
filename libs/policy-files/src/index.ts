export {
  filesIn,
  isTestSuite,
  type PolicyFile,
  type PolicyFolder,
  PolicyFolderError,
  policyFiles,
  policyFolder,
  shownPath,
} from './policy-folder.js';
export { type IndexedRule, PolicyIndex } from './policy-index.js';
export { contentRevision, REVISION_FILE, revisionText, stampRevision, statedRevision } from './policy-revision.js';
export { type Excuse, type Match, type PolicyRule, policyRules } from './policy-rules.js';
export { readPolicyText } from './policy-text.js';
