import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@iris/contracts';
import type { Caller } from '@iris/mcp-calls';
import type { OpenStream } from '../relay/relay-response.js';

/** A session of a client, of the specification 2025-11-25. */
export interface Session {
  readonly id: string;
  /** The person or device, which alone may use it. */
  readonly caller: Caller;
  /** Path that it belongs to: the id of a server, or that of the aggregate. */
  readonly place: string;
  /** Parameters of `initialize`. */
  readonly client: JsonObject;
  /** Sessions at servers by their id; an empty text for a server without sessions. */
  readonly upstream: Map<string, string>;
  /** Streams that carry what belongs to no request. */
  readonly streams: Set<OpenStream>;
  /** Questions of the gateway to the person, by the id of their request. */
  readonly questions: Map<string, (response: JsonObject | undefined) => void>;
  /** Requests and streams that are open; an idle session has none. */
  open: number;
  /** Epoch ms. */
  usedAt: number;
}

export interface SessionLimits {
  readonly maxSessions: number;
  readonly maxPerCaller: number;
  readonly idleMs: number;
}

/** The sessions of this replica, bounded in number and idle time. */
export class SessionTable {
  private readonly sessions = new Map<string, Session>();
  private readonly perOwner = new Map<string, number>();

  /** Called with a session that ends by its idle time. */
  onIdle: (session: Session) => void = () => undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly limits: SessionLimits) {
    this.timer = setInterval(() => this.endIdle(), limits.idleMs / 10).unref();
  }

  get size(): number {
    return this.sessions.size;
  }

  /** @returns undefined when the caller, or all together, have as many as they may */
  begin(caller: Caller, place: string, client: JsonObject): Session | undefined {
    const owner = ownerOf(caller);
    const count = this.perOwner.get(owner) ?? 0;
    if (this.sessions.size >= this.limits.maxSessions) this.endIdle(Date.now() - this.limits.idleMs / 10);
    if (this.sessions.size >= this.limits.maxSessions || count >= this.limits.maxPerCaller) return undefined;
    const session: Session = {
      id: randomUUID(),
      caller,
      place,
      client,
      upstream: new Map(),
      streams: new Set(),
      questions: new Map(),
      open: 0,
      usedAt: Date.now(),
    };
    this.sessions.set(session.id, session);
    this.perOwner.set(owner, count + 1);
    return session;
  }

  /** The session of that id, for its owner on its path only. */
  find(id: string, caller: Caller, place: string): Session | undefined {
    const session = this.sessions.get(id);
    if (session === undefined || ownerOf(session.caller) !== ownerOf(caller) || session.place !== place)
      return undefined;
    session.usedAt = Date.now();
    return session;
  }

  end(session: Session): void {
    if (!this.sessions.delete(session.id)) return;
    const owner = ownerOf(session.caller);
    const count = (this.perOwner.get(owner) ?? 1) - 1;
    if (count === 0) this.perOwner.delete(owner);
    else this.perOwner.set(owner, count);
  }

  /** Ends sessions that nobody has used since. @param before epoch ms */
  endIdle(before = Date.now() - this.limits.idleMs): void {
    for (const session of this.sessions.values()) {
      if (session.open > 0 || session.usedAt > before) continue;
      this.end(session);
      this.onIdle(session);
    }
  }

  /** Ends the streams that belong to no request, so that a process which ends waits for requests alone. */
  endStreams(): void {
    for (const { streams } of this.sessions.values()) for (const stream of streams) stream.end();
  }

  close(): void {
    clearInterval(this.timer);
  }

  all(): Iterable<Session> {
    return this.sessions.values();
  }
}

function ownerOf({ who }: Caller): string {
  return `${who.kind}:${who.id}`;
}
