import type { LlmFormat } from '../llm-format.js';
import { anthropicReply, anthropicStream } from './anthropic-reply.js';
import { checkAnthropic } from './anthropic-rules.js';

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

/** Anthropic Messages, also as the body of Bedrock InvokeModel and Vertex rawPredict. */
export const anthropic: LlmFormat = {
  check: checkAnthropic,
  reply: anthropicReply,
  stream: anthropicStream,
  errorBody: (status, message, { code }) => ({
    type: 'error',
    error: { type: code ?? ERROR_TYPES[status] ?? 'api_error', message },
  }),
};
