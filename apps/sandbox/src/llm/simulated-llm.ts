import { randomBytes } from 'node:crypto';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { anthropic } from './anthropic/anthropic-format.js';
import { decodedBody } from './content-coding.js';
import { converse } from './converse/converse-format.js';
import { gemini } from './gemini/gemini-format.js';
import type { FormatId, LlmFormat, ReplyContext, StreamMessage } from './llm-format.js';
import { type LlmRoute, llmRoute } from './llm-route.js';
import { openAiChat } from './openai-chat/openai-chat-format.js';
import { openAiResponses } from './openai-responses/openai-responses-format.js';
import { ResponseStore } from './openai-responses/response-store.js';
import { badRequest, ProviderError } from './provider-error.js';
import { awsChunk, awsFrame, sseFrame } from './stream-framing.js';
import type { Turn } from './turn.js';

const FORMATS: Record<FormatId, LlmFormat> = {
  anthropic,
  openai_chat: openAiChat,
  openai_responses: openAiResponses,
  gemini,
  converse,
};

const AWS_ERRORS: Record<number, string> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

/** A request as the provider received it. */
export interface LlmRequest {
  format: FormatId;
  /** Path and query. */
  url: string;
  model: string;
  streaming: boolean;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Exactly the bytes received, before any decoding. */
  raw: Buffer;
  body: Record<string, unknown>;
  /** Names of the declared tools; empty when the request was refused. */
  declaredTools: string[];
  /** HTTP status of the answer. */
  status: number;
  /** Why it was refused, or failed by the script. */
  error?: string;
}

/** A turn, or what makes one from the request that it answers. */
export type TurnScript = Turn | ((request: LlmRequest) => Turn);

export interface LlmOptions {
  turns?: readonly TurnScript[];
  /** Answers every request once the script has run out; without it such a request fails with 500. */
  afterScript?: TurnScript;
  /** Bytes; above it 413, as Anthropic does at 32 MB. Default 64 MiB. */
  maxBodyBytes?: number;
  /** TCP port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
}

export interface SimulatedLlm {
  /** `http://127.0.0.1:port`, without a trailing slash. */
  url: string;
  /** Every provider request, in order of arrival, refused ones too. */
  requests: readonly LlmRequest[];
  /** Replaces what is left of the script. */
  script(turns: readonly TurnScript[]): void;
  /** Turns not yet spoken. */
  remaining(): number;
  /** Forgets the recorded requests; stored responses and the script stay. */
  clear(): void;
  close(): Promise<void>;
}

interface Refusal {
  status: number;
  message: string;
  detail: { code?: string; param?: string };
}

const refusalOf = (error: unknown): Refusal =>
  error instanceof ProviderError
    ? { status: error.status, message: error.message, detail: error.detail }
    : { status: 500, message: error instanceof Error ? error.message : String(error), detail: {} };

function sendRefusal(reply: FastifyReply, route: LlmRoute, refusal: Refusal) {
  const { status, message, detail } = refusal;
  if (route.host === 'bedrock') {
    return reply
      .code(status)
      .header('x-amzn-errortype', AWS_ERRORS[status] ?? 'InternalServerException')
      .header('x-amzn-requestid', randomBytes(16).toString('hex'))
      .send({ message });
  }
  return reply.code(status).send(FORMATS[route.format].errorBody(status, message, detail));
}

function sendStream(reply: FastifyReply, route: LlmRoute, messages: StreamMessage[]) {
  const wrapped =
    route.host === 'code_assist'
      ? messages.map((message) => ({ ...message, data: { response: message.data } }))
      : messages;
  if (route.framing === 'aws_event_stream') {
    const framed = route.format === 'anthropic' ? wrapped.map(awsChunk) : wrapped;
    const type = { 'content-type': 'application/vnd.amazon.eventstream' };
    return writeFrames(reply, type, framed.map(awsFrame));
  }
  if (route.framing === 'json_array') {
    const members = wrapped.map((message, at) => `${at === 0 ? '[' : ','}${JSON.stringify(message.data)}\n`);
    return writeFrames(reply, { 'content-type': 'application/json' }, [...members, ']']);
  }
  return writeFrames(
    reply,
    { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
    wrapped.map(sseFrame),
  );
}

/** Writes each frame on its own, so that a client sees them arrive one after another. */
async function writeFrames(reply: FastifyReply, headers: Record<string, string>, frames: (string | Uint8Array)[]) {
  reply.hijack();
  reply.raw.writeHead(200, headers);
  for (const frame of frames) {
    if (!reply.raw.write(frame)) await new Promise((resolve) => reply.raw.once('drain', resolve));
  }
  reply.raw.end();
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest('The request body is not a JSON object.');
  return value as Record<string, unknown>;
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw badRequest('The request body is not valid JSON.');
  }
  return asObject(value);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * An LLM provider of every wire format on one port: checks each request as strictly as the real providers' documented
 * errors do, keeps what it received, and speaks the scripted turns, streamed or whole as the client asks.
 */
export async function startLlm(options: LlmOptions = {}): Promise<SimulatedLlm> {
  const { maxBodyBytes = 64 * 1024 * 1024, afterScript } = options;
  const requests: LlmRequest[] = [];
  const responses = new ResponseStore();
  const signatures = new Set<string>();
  const id = (prefix: string): string => `${prefix}${randomBytes(12).toString('hex')}`;
  let turns = [...(options.turns ?? [])];

  function nextTurn(request: LlmRequest): Turn {
    const script = turns.shift() ?? afterScript;
    if (!script) throw new ProviderError(500, 'The script has no turn left.');
    const turn = typeof script === 'function' ? script(request) : script;
    if (turn.error) throw new ProviderError(turn.error.status, turn.error.message);
    return turn;
  }

  /** Fills the record as far as the request can be read. Throws ProviderError when it is refused. */
  function answer(route: LlmRoute, record: LlmRequest): Turn {
    const outer = parseJson(decodedBody(record.raw, text(record.headers['content-encoding']), maxBodyBytes));
    record.body = route.host === 'code_assist' ? asObject(outer.request) : outer;
    record.model = route.model ?? text(outer.model);
    record.streaming = route.streaming ?? outer.stream === true;
    if (route.format === 'anthropic' && route.host === 'direct' && record.headers['anthropic-version'] === undefined) {
      throw badRequest('anthropic-version: header is required');
    }
    const betas = text(record.headers['anthropic-beta'])
      .split(',')
      .map((beta) => beta.trim());
    const context = { betas, model: record.model, host: route.host, signatures, responses };
    record.declaredTools = FORMATS[route.format].check(record.body, context);
    return nextTurn(record);
  }

  const app = fastify({ bodyLimit: maxBodyBytes + 1, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post('/v1/conversations', () => {
    const conversation = id('conv_');
    responses.createConversation(conversation);
    return { id: conversation, object: 'conversation', created_at: Math.floor(Date.now() / 1000), metadata: {} };
  });

  app.post('*', async (request: FastifyRequest, reply) => {
    const route = llmRoute(request.url);
    if (!route)
      return reply
        .code(404)
        .send({ error: { message: `Invalid URL (POST ${request.url})`, type: 'invalid_request_error' } });
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const record: LlmRequest = {
      format: route.format,
      url: request.url,
      model: route.model ?? '',
      streaming: route.streaming ?? false,
      headers: request.headers,
      raw,
      body: {},
      declaredTools: [],
      status: 200,
    };
    requests.push(record);
    try {
      const turn = answer(route, record);
      const context: ReplyContext = { model: record.model, body: record.body, id, signatures, responses };
      const format = FORMATS[route.format];
      if (record.streaming) return sendStream(reply, route, format.stream(turn, context));
      const body = format.reply(turn, context);
      return reply.send(route.host === 'code_assist' ? { response: body } : body);
    } catch (error) {
      const refusal = refusalOf(error);
      record.status = refusal.status;
      record.error = refusal.message;
      return sendRefusal(reply, route, refusal);
    }
  });

  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    requests,
    script: (next) => {
      turns = [...next];
    },
    remaining: () => turns.length,
    clear: () => {
      requests.length = 0;
    },
    close: () => app.close(),
  };
}
