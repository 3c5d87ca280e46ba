import { outboundAgent } from '@iris/config';
import { SharedCalls } from '@iris/context-cache';
import { isJsonObject } from '@iris/contracts';
import { request } from 'undici';
import { abortable } from '../abortable.js';
import { VendorError } from '../vendor-error.js';
import { readJson } from './json-body.js';
import { failureOf, statusError } from './response-errors.js';

/** What proves to a vendor who is asking. */
export interface Credentials {
  /** The value of the `Authorization` header. */
  authorization(signal: AbortSignal): Promise<string>;
  /**
   * Told that the vendor refused this value with 401.
   *
   * @returns whether a new value can be had, so that one more try makes sense
   */
  refused(authorization: string): boolean;
  close?(): Promise<void>;
}

/** HTTP Basic (RFC 7617). */
export function basic(user: string, password: string): Credentials {
  const value = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  return { authorization: async () => value, refused: () => false };
}

/** A fixed bearer token (RFC 6750). */
export function bearer(token: string): Credentials {
  const value = `Bearer ${token}`;
  return { authorization: async () => value, refused: () => false };
}

/** How an access token is asked for (RFC 6749 sections 4.3, 4.4 and 6). */
export interface OAuth2Options {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly grant:
    | { readonly type: 'client_credentials'; readonly scope?: string }
    | { readonly type: 'refresh_token'; readonly refreshToken: string }
    | { readonly type: 'password'; readonly username: string; readonly password: string };
  /** Where the client's id and secret stand; RFC 6749 section 2.3.1 prefers `basic`, some vendors want `body`. */
  readonly clientAuthentication?: 'basic' | 'body';
  /** In ms. */
  readonly timeoutMs: number;
}

const MAX_TOKEN_BYTES = 64 * 1024;
/** Assumed life of a token whose answer has no `expires_in`, in s. */
const DEFAULT_TOKEN_LIFE_SECONDS = 300;
/** A token is renewed when this share of its life is left, so that none ends in flight. */
const EARLY_RENEWAL_SHARE = 0.1;

/** An access token by OAuth 2, asked for once for all waiting calls and renewed before it ends. */
export function oauth2(options: OAuth2Options): Credentials {
  return new OAuth2Credentials(options);
}

class OAuth2Credentials implements Credentials {
  private readonly agent = outboundAgent({ connections: 1, pipelining: 1 });
  private token?: { readonly authorization: string; readonly renewAt: number };
  private readonly fetches = new SharedCalls<string>();
  private refreshToken?: string;

  constructor(private readonly options: OAuth2Options) {
    if (options.grant.type === 'refresh_token') this.refreshToken = options.grant.refreshToken;
  }

  async authorization(signal: AbortSignal): Promise<string> {
    if (this.token !== undefined && Date.now() < this.token.renewAt) return this.token.authorization;
    // The shared request has its own time limit: one caller that leaves must not fail the others.
    return abortable(
      this.fetches.run('token', undefined, () => this.fetchToken()),
      signal,
    );
  }

  refused(authorization: string): boolean {
    if (this.token?.authorization === authorization) this.token = undefined;
    return true;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async fetchToken(): Promise<string> {
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    const asked = Date.now();
    try {
      const response = await request(this.options.tokenUrl, {
        method: 'POST',
        headers: this.headers(),
        body: this.form().toString(),
        dispatcher: this.agent,
        signal,
      });
      if (response.statusCode === 400 || response.statusCode === 401) {
        await response.body.dump();
        throw new VendorError('unauthorized', `the token endpoint answered ${response.statusCode}`);
      }
      const fault = statusError(response.statusCode, response.headers, 'the token endpoint');
      if (fault !== undefined) {
        await response.body.dump();
        throw fault;
      }
      return this.keep(await readJson(response, MAX_TOKEN_BYTES), asked);
    } catch (error) {
      throw failureOf(error, signal, 'the token endpoint');
    }
  }

  private keep(answer: unknown, asked: number): string {
    if (!isJsonObject(answer) || typeof answer.access_token !== 'string' || answer.access_token === '') {
      throw new VendorError('bad_response', 'the token endpoint gave no access token');
    }
    const life = Number(answer.expires_in);
    const lifeMs = (Number.isFinite(life) && life > 0 ? life : DEFAULT_TOKEN_LIFE_SECONDS) * 1000;
    const authorization = `Bearer ${answer.access_token}`;
    this.token = { authorization, renewAt: asked + lifeMs * (1 - EARLY_RENEWAL_SHARE) };
    // RFC 6749 section 6: a new refresh token replaces the old one.
    if (this.refreshToken !== undefined && typeof answer.refresh_token === 'string' && answer.refresh_token !== '') {
      this.refreshToken = answer.refresh_token;
    }
    return authorization;
  }

  private headers(): Record<string, string> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    };
    if (this.options.clientAuthentication !== 'body') {
      const { clientId, clientSecret } = this.options;
      const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
      headers.authorization = `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
    }
    return headers;
  }

  private form(): URLSearchParams {
    const { grant, clientId, clientSecret } = this.options;
    const form = new URLSearchParams({ grant_type: grant.type });
    if (grant.type === 'client_credentials' && grant.scope !== undefined) form.set('scope', grant.scope);
    if (grant.type === 'refresh_token' && this.refreshToken !== undefined) {
      form.set('refresh_token', this.refreshToken);
    }
    if (grant.type === 'password') {
      form.set('username', grant.username);
      form.set('password', grant.password);
    }
    if (this.options.clientAuthentication === 'body') {
      form.set('client_id', clientId);
      form.set('client_secret', clientSecret);
    }
    return form;
  }
}
