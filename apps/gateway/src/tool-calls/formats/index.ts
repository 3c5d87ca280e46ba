import { anthropicMessages } from './anthropic-messages/format.js';
import { bedrockConverse } from './bedrock-converse/format.js';
import { gemini } from './gemini/format.js';
import { geminiInteractions } from './gemini-interactions/format.js';
import type { LlmFormat } from './llm-format.js';
import { openaiChat } from './openai-chat/format.js';
import { openaiResponses } from './openai-responses/format.js';

/** All formats. A new format is one file and one line here. Paths are asked in this order, then bodies. */
export const FORMATS: readonly LlmFormat[] = [
  anthropicMessages,
  openaiChat,
  openaiResponses,
  gemini,
  geminiInteractions,
  bedrockConverse,
];
