export { CachedFacts } from './cached-facts.js';
export {
  type AskVerdict,
  type ResourceQuestion,
  resourceQuestion,
  type ToolQuestion,
  toolQuestion,
} from './questions.js';
export { type PersonVerdict, type WhoCan, type WhoCanOptions, whoCan } from './who-can.js';
