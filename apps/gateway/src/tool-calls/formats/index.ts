// Made by `npm run generate` from the folders of formats; do not edit.
import { anthropicMessages } from './anthropic-messages/format.js';
import { bedrockConverse } from './bedrock-converse/format.js';
import { gemini } from './gemini/format.js';
import { geminiInteractions } from './gemini-interactions/format.js';
import type { LlmFormat } from './llm-format.js';
import { openaiChat } from './openai-chat/format.js';
import { openaiResponses } from './openai-responses/format.js';

/** All formats. Each recognises its own paths and bodies and no others, so the order means nothing. */
export const FORMATS: readonly LlmFormat[] = [
  anthropicMessages,
  bedrockConverse,
  gemini,
  geminiInteractions,
  openaiChat,
  openaiResponses,
];
