import type { SecureContext } from 'node:tls';
import type { Certificates } from '@iris/grpc-tls';
import { Agent, type Dispatcher } from 'undici';

export interface PdpHttpOptions {
  /** Origin of the PDP's HTTP listener, without a path. */
  readonly url: string;
  readonly tls: boolean | Certificates;
  /** Largest answer in bytes. */
  readonly maxAnswerBytes: number;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The PDP's answer as it was sent. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Calls of the PDP over HTTP. Methods reject when the PDP gives no whole answer. */
export class PdpHttp {
  private agent: Agent;

  constructor(private readonly options: PdpHttpOptions) {
    this.agent = this.connect();
    const { tls } = options;
    if (typeof tls !== 'boolean') {
      tls.onChange(() => {
        const replaced = this.agent;
        this.agent = this.connect();
        void replaced.close();
      });
    }
  }

  private connect(): Agent {
    const { tls, maxAnswerBytes } = this.options;
    const secureContext: SecureContext | undefined = typeof tls === 'boolean' ? undefined : tls.secureContext;
    return new Agent({ maxResponseSize: maxAnswerBytes, ...(secureContext && { connect: { secureContext } }) });
  }

  async call({ method, path, headers, body, timeoutMs, signal }: HttpCall): Promise<HttpReply> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), Math.max(1, timeoutMs));
    try {
      const response: Dispatcher.ResponseData = await this.agent.request({
        origin: this.options.url,
        method,
        path,
        headers,
        body,
        signal: signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal]),
      });
      const bytes = Buffer.from(await response.body.arrayBuffer());
      return { status: response.statusCode, headers: response.headers, body: bytes };
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
