/** How a streamed reply is framed. */
type StreamFraming = 'sse' | 'json_array' | 'aws_event_stream';

/** What the path of a provider request contains. */
export interface LlmRoute {
  format: 'anthropic' | 'openai_chat' | 'openai_responses' | 'gemini' | 'converse';
  /** Anthropic bodies on Bedrock and Vertex: the model is in the path, `model` and `stream` are not body fields. */
  host: 'direct' | 'bedrock' | 'vertex' | 'code_assist';
  /** Model id of the path, decoded; absent when the body names it. */
  model?: string;
  /** Set when the path decides; absent when the body's `stream` does. */
  streaming?: boolean;
  framing: StreamFraming;
}

const BEDROCK = /\/model\/([^/]+)\/(converse-stream|converse|invoke-with-response-stream|invoke)$/;
const VERTEX_CLAUDE = /\/publishers\/anthropic\/models\/([^/:]+):(streamRawPredict|rawPredict)$/;
const GEMINI = /\/models\/([^/:]+):(streamGenerateContent|generateContent)$/;
const CODE_ASSIST = /\/v1internal:(streamGenerateContent|generateContent)$/;

/** Recognises the provider format of a URL (path and query) by its suffix; undefined when it is none. */
export function llmRoute(url: string): LlmRoute | undefined {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const geminiFraming = searchParams.get('alt') === 'sse' ? 'sse' : 'json_array';

  const bedrock = BEDROCK.exec(pathname);
  if (bedrock) {
    const [, model = '', verb = ''] = bedrock;
    return {
      format: verb.startsWith('converse') ? 'converse' : 'anthropic',
      host: 'bedrock',
      model: decodeURIComponent(model),
      streaming: verb.endsWith('-stream'),
      framing: 'aws_event_stream',
    };
  }
  const vertexClaude = VERTEX_CLAUDE.exec(pathname);
  if (vertexClaude) {
    const [, model = '', verb] = vertexClaude;
    return {
      format: 'anthropic',
      host: 'vertex',
      model: decodeURIComponent(model),
      streaming: verb === 'streamRawPredict',
      framing: 'sse',
    };
  }
  const codeAssist = CODE_ASSIST.exec(pathname);
  if (codeAssist) {
    return {
      format: 'gemini',
      host: 'code_assist',
      streaming: codeAssist[1] === 'streamGenerateContent',
      framing: geminiFraming,
    };
  }
  const gemini = GEMINI.exec(pathname);
  if (gemini) {
    const [, model = '', verb] = gemini;
    return {
      format: 'gemini',
      host: pathname.includes('/publishers/google/') ? 'vertex' : 'direct',
      model: decodeURIComponent(model),
      streaming: verb === 'streamGenerateContent',
      framing: geminiFraming,
    };
  }
  if (pathname.endsWith('/v1/messages')) return { format: 'anthropic', host: 'direct', framing: 'sse' };
  if (pathname.endsWith('/chat/completions')) return { format: 'openai_chat', host: 'direct', framing: 'sse' };
  if (pathname.endsWith('/responses')) return { format: 'openai_responses', host: 'direct', framing: 'sse' };
  return undefined;
}
