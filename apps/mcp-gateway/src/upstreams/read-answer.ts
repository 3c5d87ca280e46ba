import type { JsonObject } from '@iris/contracts';
import { parseDocument } from '@iris/json-document';
import { MESSAGE_LIMITS, type RpcId, type RpcResponse, readMessage } from '@iris/mcp-calls';
import { EventLines } from './event-lines.js';
import { UpstreamError, type UpstreamResponse } from './upstream.js';

/**
 * Reads the answer to a request that the gateway itself has sent, from JSON or a stream of events.
 *
 * @throws UpstreamError when it does not come, is no message or is larger than `maxBytes`
 */
export async function readAnswer(response: UpstreamResponse, id: RpcId, maxBytes: number): Promise<RpcResponse> {
  const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
  let size = 0;
  let data: Uint8Array[] = [];
  let found: RpcResponse | undefined;
  const lines = new EventLines({
    data: (bytes) => data.push(bytes),
    raw: () => undefined,
    end: () => {
      if (data.length > 0) found ??= answerIn(Buffer.concat(data).toString('utf8'), id);
      data = [];
    },
  });
  for await (const bytes of response.body) {
    size += bytes.length;
    if (size > maxBytes) throw new UpstreamError('an answer of the server exceeds mcp.maxReadBytes');
    if (isStream) lines.write(bytes);
    else data.push(bytes);
    if (found !== undefined) return found;
  }
  if (!isStream) found = answerIn(Buffer.concat(data).toString('utf8'), id);
  if (found === undefined) throw new UpstreamError('the server gives no answer to a request of the gateway');
  return found;
}

function answerIn(text: string, id: RpcId): RpcResponse | undefined {
  const parsed = parseDocument(text, MESSAGE_LIMITS);
  const message = parsed.ok ? readMessage(parsed.document.value) : undefined;
  if (message === undefined || typeof message === 'string') return undefined;
  return message.kind === 'response' && (message.id === id || message.id === null) ? message : undefined;
}

/** @throws UpstreamError for an answer that is an error */
export function resultOf({ result, error }: RpcResponse): JsonObject {
  if (result === undefined) throw new UpstreamError(`the server answers with an error (${String(error?.code)})`);
  return result;
}
