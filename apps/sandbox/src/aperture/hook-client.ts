import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { goDurationMs } from '@iris/contracts';
import { Agent, request } from 'undici';
import type { ApertureHook } from './aperture-config.js';

export type RequestCoding = 'identity' | 'gzip' | 'zstd';

/** One HTTP exchange with a hook, as it went over the wire. */
export interface HookAttempt {
  headers: Record<string, string>;
  coding: RequestCoding;
  /** Bytes of the body as sent. */
  sentBytes: number;
  /** Absent when no reply came. */
  status?: number;
  replyHeaders?: Record<string, string | string[] | undefined>;
}

export type HookFailure = 'unreachable' | 'timeout' | 'status';

export interface HookAnswer {
  attempts: HookAttempt[];
  durationMs: number;
  /** Set when there is no 2xx reply. */
  failure?: HookFailure;
  replyText?: string;
}

/** The header that carries a hook's key. For the last two the vendor names the mode only; the headers are those products' own. */
function authorizationHeaders({
  apikey,
  authorization,
}: Pick<ApertureHook, 'apikey' | 'authorization'>): Record<string, string> {
  if (apikey === '') return {};
  switch (authorization) {
    case 'bearer':
      return { authorization: `Bearer ${apikey}` };
    case 'x-api-key':
      return { 'x-api-key': apikey };
    case 'x-goog-api-key':
      return { 'x-goog-api-key': apikey };
    case 'hec':
      return { authorization: `Splunk ${apikey}` };
    case 'cf-aig-authorization':
      return { 'cf-aig-authorization': `Bearer ${apikey}` };
  }
}

/** The best coding of an Accept-Encoding value that this client can send. */
function bestCoding(acceptEncoding: string): RequestCoding {
  const accepted = acceptEncoding
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => !/;\s*q=0(\.0+)?$/.test(entry))
    .map((entry) => entry.split(';')[0]?.trim());
  if (accepted.includes('zstd')) return 'zstd';
  return accepted.includes('gzip') ? 'gzip' : 'identity';
}

function encoded(text: string, coding: RequestCoding): Buffer {
  if (coding === 'gzip') return gzipSync(text);
  return coding === 'zstd' ? zstdCompressSync(text) : Buffer.from(text, 'utf8');
}

/** Posts to hooks and learns from their replies which request codings they take (RFC 7694). */
export class HookClient {
  private readonly agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  private readonly codings = new Map<string, RequestCoding>();

  /** `preset`: codings to start with, by hook key. `learn`: heed Accept-Encoding on replies. */
  constructor(
    preset: Readonly<Record<string, RequestCoding>>,
    private readonly learn: boolean,
  ) {
    for (const [key, coding] of Object.entries(preset)) this.codings.set(key, coding);
  }

  /** Never throws; a timeout covers the whole exchange, a second sending included. */
  async post(key: string, hook: ApertureHook, payload: string): Promise<HookAnswer> {
    const startedAt = performance.now();
    const timeoutMs = goDurationMs(hook.timeout) ?? 0;
    const signal = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
    const attempts: HookAttempt[] = [];
    const finish = (rest: Pick<HookAnswer, 'failure' | 'replyText'>): HookAnswer => ({
      attempts,
      durationMs: performance.now() - startedAt,
      ...rest,
    });
    try {
      let reply = await this.send(hook, payload, this.codings.get(key) ?? 'identity', attempts, signal);
      if (reply.status === 415 && reply.acceptEncoding !== undefined) {
        const coding = bestCoding(reply.acceptEncoding);
        this.codings.set(key, coding);
        reply = await this.send(hook, payload, coding, attempts, signal);
      } else if (this.learn && reply.status < 300 && reply.acceptEncoding !== undefined) {
        this.codings.set(key, bestCoding(reply.acceptEncoding));
      }
      const isSuccess = reply.status >= 200 && reply.status < 300;
      return finish({ replyText: reply.text, ...(isSuccess ? {} : { failure: 'status' }) });
    } catch {
      return finish({ failure: signal?.aborted ? 'timeout' : 'unreachable' });
    }
  }

  private async send(
    hook: ApertureHook,
    payload: string,
    coding: RequestCoding,
    attempts: HookAttempt[],
    signal?: AbortSignal,
  ) {
    const body = encoded(payload, coding);
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': 'Go-http-client/1.1',
      ...authorizationHeaders(hook),
      ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
    };
    const attempt: HookAttempt = { headers, coding, sentBytes: body.length };
    attempts.push(attempt);
    const response = await request(hook.url, { method: 'POST', headers, body, dispatcher: this.agent, signal });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    attempt.status = response.statusCode;
    attempt.replyHeaders = response.headers;
    const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
    const accepted = response.headers['accept-encoding'];
    return {
      status: response.statusCode,
      text,
      acceptEncoding: Array.isArray(accepted) ? accepted.join(',') : accepted,
    };
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
