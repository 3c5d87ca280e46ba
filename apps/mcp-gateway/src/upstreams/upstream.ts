/** A request to an MCP server, in the terms of streamable HTTP. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the exchange, also while its body streams. */
  readonly signal: AbortSignal;
}

export interface UpstreamResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Must be read to its end or ended by the signal. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** One MCP server behind the gateway. */
export interface Upstream {
  /** Id of the server in the tool catalog. */
  readonly id: string;
  /** @throws UpstreamError when there is no answer */
  send(request: UpstreamRequest): Promise<UpstreamResponse>;
  close(): Promise<void>;
}

/** A server gives no usable answer. The message names no address and no credential. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
}
