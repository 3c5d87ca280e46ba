import type { LlmFormat } from '../llm-format.js';
import { openAiErrorBody } from '../openai-shape-refusal.js';
import { chatReply, chatStream } from './openai-chat-reply.js';
import { checkOpenAiChat } from './openai-chat-rules.js';

/** OpenAI Chat Completions. */
export const openAiChat: LlmFormat = {
  check: checkOpenAiChat,
  reply: chatReply,
  stream: chatStream,
  errorBody: openAiErrorBody,
};
