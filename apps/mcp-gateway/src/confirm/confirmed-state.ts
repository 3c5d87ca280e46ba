import { hash, randomBytes, randomUUID } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { createRequestStateCodec } from '@modelcontextprotocol/server';
import { LRUCache } from 'lru-cache';
import { stringify } from 'safe-stable-stringify';

/** Time in which a question can be answered, in s. */
export const CONFIRM_SECONDS = 300;

/** Begins each state of the gateway, so that those of servers pass as they are. */
const PREFIX = 'iris-confirm.';

/** The call that a state is bound to. */
export interface BoundState {
  /** Whether the person has confirmed it; else it is being asked. */
  readonly confirmed: boolean;
  /** State of the server, which the gateway's is wrapped around. */
  readonly inner?: string;
}

/** What a confirmation is for. */
export interface BoundCall {
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly arguments: Json;
}

/**
 * States of questions in the specification 2026-07-28 (`requestState`), sealed by an HMAC and bound to one person and one
 * call with exactly its arguments.
 */
export class ConfirmedStates {
  private readonly codec;
  private readonly used = new LRUCache<string, true>({ max: 20_000, ttl: CONFIRM_SECONDS * 1000 });

  /** @param key shared by all replicas; without one a state is valid on the replica that made it */
  constructor(key: string | undefined) {
    const bytes = key === undefined ? randomBytes(32) : hash('sha256', key, 'buffer');
    this.codec = createRequestStateCodec<JsonObject>({ key: bytes, ttlSeconds: CONFIRM_SECONDS });
  }

  isOwn(state: Json | undefined): state is string {
    return typeof state === 'string' && state.startsWith(PREFIX);
  }

  async seal(call: BoundCall, { confirmed, inner }: BoundState): Promise<string> {
    const payload = { call: digestOf(call), confirmed, nonce: randomUUID(), ...(inner !== undefined && { inner }) };
    return PREFIX + (await this.codec.mint(payload));
  }

  /** Opens a state once. @returns undefined for one that was changed or used, is of another call or has expired */
  async open(call: BoundCall, state: string): Promise<BoundState | undefined> {
    try {
      const payload = await this.codec.verify(state.slice(PREFIX.length), NO_CONTEXT);
      if (!isJsonObject(payload) || payload.call !== digestOf(call)) return undefined;
      if (this.used.has(String(payload.nonce))) return undefined;
      this.used.set(String(payload.nonce), true);
      const { confirmed, inner } = payload;
      return { confirmed: confirmed === true, ...(typeof inner === 'string' && { inner }) };
    } catch {
      return undefined;
    }
  }
}

/** The codec needs a context only to bind a state to one; here the payload does. */
const NO_CONTEXT = undefined as never;

function digestOf({ principal, server, tool, arguments: args }: BoundCall): string {
  return hash('sha256', stringify([principal, server, tool, args]) ?? '', 'base64url');
}
