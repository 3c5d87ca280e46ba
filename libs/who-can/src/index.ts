export { CachedFacts } from './cached-facts.js';
export {
  type AskVerdict,
  resourceQuestion,
  toolQuestion,
} from './questions.js';
export { type PersonVerdict, whoCan } from './who-can.js';
