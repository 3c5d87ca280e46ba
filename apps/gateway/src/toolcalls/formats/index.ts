import { anthropicMessages } from './anthropic-messages.js';
import { bedrockConverse } from './bedrock-converse.js';
import { gemini } from './gemini.js';
import type { LlmFormat } from './llm-format.js';
import { openaiChat } from './openai-chat.js';
import { openaiResponses } from './openai-responses.js';

/** All formats. A new format is one file and one line here. Paths are asked in this order, then bodies. */
export const FORMATS: readonly LlmFormat[] = [anthropicMessages, openaiChat, openaiResponses, gemini, bedrockConverse];
