import { ROLES } from '@iris/console-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Identification } from '../identify.js';
import { SealedCookie } from '../sealed-cookie.js';
import type { Viewer } from '../viewer.js';

/** What the callback of the provider needs of the request that began the login. */
export const loginSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() });
export type LoginInProgress = z.infer<typeof loginSchema>;

const sessionSchema = z.object({ login: z.string(), name: z.string().optional(), role: z.enum(ROLES) });

/** How long a person may take at the provider, in s. */
const LOGIN_SECONDS = 600;

/**
 * Sessions of people who logged in by OIDC. They are in the cookie, encrypted, so replicas share them. A session begins
 * only after the provider's answer fits the browser that asked, under a name that no other host can set where TLS is
 * used, so no session can be given to somebody beforehand.
 */
export class OidcSessions implements Identification {
  private readonly session: SealedCookie<z.infer<typeof sessionSchema>>;
  private readonly login: SealedCookie<LoginInProgress>;
  private readonly prefix: string;

  constructor(
    key: Buffer,
    maxSeconds: number,
    private readonly tls: boolean,
  ) {
    this.session = new SealedCookie('iris-session', key, sessionSchema, maxSeconds);
    this.login = new SealedCookie('iris-login', key, loginSchema, LOGIN_SECONDS);
    this.prefix = tls ? '__Host-' : '';
  }

  async identify({ cookies }: FastifyRequest): Promise<Viewer | undefined> {
    const session = await this.session.open(cookies[`${this.prefix}iris-session`]);
    return session === undefined ? undefined : { ...sessionSchema.parse(session), method: 'oidc' };
  }

  async beginLogin(reply: FastifyReply, login: LoginInProgress): Promise<void> {
    this.set(reply, 'iris-login', await this.login.seal(login), LOGIN_SECONDS);
  }

  /** The login that this browser began; it counts once. */
  async takeLogin({ cookies }: FastifyRequest, reply: FastifyReply): Promise<LoginInProgress | undefined> {
    this.clear(reply, 'iris-login');
    return this.login.open(cookies[`${this.prefix}iris-login`]);
  }

  async begin(reply: FastifyReply, { login, name, role }: Omit<Viewer, 'method'>): Promise<void> {
    const { maxSeconds } = this.session;
    this.set(reply, 'iris-session', await this.session.seal({ login, name, role }), maxSeconds);
  }

  end(reply: FastifyReply): void {
    this.clear(reply, 'iris-session');
  }

  private set(reply: FastifyReply, name: string, value: string, maxAge: number): void {
    reply.setCookie(`${this.prefix}${name}`, value, { ...this.attributes(), maxAge });
  }

  private clear(reply: FastifyReply, name: string): void {
    reply.clearCookie(`${this.prefix}${name}`, this.attributes());
  }

  /** Lax: the provider's redirect is a navigation from another site. Changes need the token besides. */
  private attributes() {
    return { path: '/', httpOnly: true, secure: this.tls, sameSite: 'lax' } as const;
  }
}
