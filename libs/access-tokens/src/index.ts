export { keySetOfFile, keySetOfUrl } from './key-sets.js';
export { type TokenClaims, TokenVerifier, type VerifiedToken } from './token-verifier.js';
