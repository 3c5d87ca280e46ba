import { anthropicMessages } from './anthropic-messages.js';
import type { LlmFormat } from './llm-format.js';

/** All formats. A new format is one file and one line here. Paths are asked in this order, then bodies. */
export const FORMATS: readonly LlmFormat[] = [anthropicMessages];
