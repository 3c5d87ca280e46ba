import type { LlmRoute } from './llm-route.js';
import type { ResponseStore } from './openai-responses/response-store.js';
import type { Turn } from './turn.js';

/** What a format's rules may look at besides the body. */
export interface CheckContext {
  /** `anthropic-beta` values of the request. */
  betas: readonly string[];
  /** Model id from the body or the path. */
  model: string;
  host: LlmRoute['host'];
  /** Signatures of reasoning that this provider issued; absent when a body is checked on its own. */
  signatures?: ReadonlySet<string>;
  /** Stored responses and conversations; absent when a body is checked on its own. */
  responses?: ResponseStore;
}

/** What a reply is made for. */
export interface ReplyContext {
  model: string;
  body: Record<string, unknown>;
  /** Makes an id in the provider's style, for example `id('toolu_')`. */
  id(prefix: string): string;
  signatures: Set<string>;
  responses: ResponseStore;
}

/** One message of a stream before it is framed (server-sent event, AWS event-stream frame, JSON array member). */
export interface StreamMessage {
  event?: string;
  data: unknown;
}

/** A provider's wire format: its rules, its replies and its error envelope. */
export interface LlmFormat {
  /** Names that the request declares, in order; hosted tools by their type. Throws ProviderError on a bad request. */
  check(body: unknown, context: CheckContext): string[];
  reply(turn: Turn, context: ReplyContext): Record<string, unknown>;
  stream(turn: Turn, context: ReplyContext): StreamMessage[];
  errorBody(status: number, message: string, detail: { code?: string; param?: string }): Record<string, unknown>;
}

export type FormatId = LlmRoute['format'];
