import type { LlmFormat } from '../llm-format.js';
import { geminiReply, geminiStream } from './gemini-reply.js';
import { checkGemini } from './gemini-rules.js';

const STATUS: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** Gemini API and Vertex AI generateContent. */
export const gemini: LlmFormat = {
  check: checkGemini,
  reply: geminiReply,
  stream: geminiStream,
  errorBody: (code, message) => ({ error: { code, message, status: STATUS[code] ?? 'UNKNOWN' } }),
};
