import type { LlmFormat } from '../llm-format.js';
import { openAiErrorBody } from '../openai-shape-refusal.js';
import { responsesReply, responsesStream } from './openai-responses-reply.js';
import { checkOpenAiResponses } from './openai-responses-rules.js';

/** OpenAI Responses. */
export const openAiResponses: LlmFormat = {
  check: checkOpenAiResponses,
  reply: responsesReply,
  stream: responsesStream,
  errorBody: openAiErrorBody,
};
