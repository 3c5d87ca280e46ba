import type { LlmFormat } from '../llm-format.js';
import { converseReply, converseStream } from './converse-reply.js';
import { checkConverse } from './converse-rules.js';

/** Bedrock Converse. */
export const converse: LlmFormat = {
  check: checkConverse,
  reply: converseReply,
  stream: converseStream,
  errorBody: (_status, message) => ({ message }),
};
