export { keySetOfFile, keySetOfUrl } from './key-sets.js';
export { type TokenClaims, TokenVerifier } from './token-verifier.js';
