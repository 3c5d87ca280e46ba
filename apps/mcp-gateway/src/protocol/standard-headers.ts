import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject } from '@iris/contracts';
import { nameParameter, RPC_ERRORS, type RpcMessage } from '@iris/mcp-calls';
import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';

/** The first specification in which a request states its version and needs no session. */
export const FIRST_STATELESS = '2026-07-28';

/** The version that the parameters of a message state; undefined for a message of a session. */
function statedVersion(message: RpcMessage): string | undefined {
  if (message.kind === 'response') return undefined;
  const meta = message.params._meta;
  const version = isJsonObject(meta) ? meta[PROTOCOL_VERSION_META_KEY] : undefined;
  return typeof version === 'string' ? version : undefined;
}

/** Whether a message belongs to no session: it states a version itself, or its header names a stateless one. */
export function isStateless(message: RpcMessage, headers: IncomingHttpHeaders): boolean {
  if (statedVersion(message) !== undefined) return true;
  const version = one(headers['mcp-protocol-version']);
  return version !== undefined && version >= FIRST_STATELESS && /^\d{4}-\d{2}-\d{2}$/.test(version);
}

export interface HeaderRefusal {
  readonly code: number;
  readonly message: string;
}

/**
 * Compares the headers of a stateless request with its body, since others on the way route and judge by the headers.
 * Source: MCP specification 2026-07-28, standard request headers.
 */
export function checkStandardHeaders(message: RpcMessage, headers: IncomingHttpHeaders): HeaderRefusal | undefined {
  if (message.kind === 'response') return undefined;
  const version = one(headers['mcp-protocol-version']);
  const method = one(headers['mcp-method']);
  const stated = statedVersion(message);
  if (stated !== undefined && version !== undefined && version !== stated) {
    return mismatch(`MCP-Protocol-Version is ${quoted(version)}, the body states ${quoted(stated)}`);
  }
  if (method !== undefined && method !== message.method) {
    return mismatch(`Mcp-Method is ${quoted(method)}, the body has ${quoted(message.method)}`);
  }
  if (message.kind === 'notification') return undefined;
  if (version === undefined) return mismatch('the header MCP-Protocol-Version is missing');
  if (method === undefined) return mismatch('the header Mcp-Method is missing');
  const parameter = nameParameter(message.method);
  const value = parameter === undefined ? undefined : message.params[parameter];
  if (typeof value !== 'string') return undefined;
  const header = one(headers['mcp-name']);
  if (header === undefined) return mismatch('the header Mcp-Name is missing');
  const name = decodedName(header);
  return name === value ? undefined : mismatch(`Mcp-Name differs from params.${parameter}`);
}

/** A name that a header cannot hold is sent as `=?base64?…?=`. */
export function encodedName(name: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name) && !name.startsWith('=?base64?');
  return plain ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
}

function decodedName(header: string): string | undefined {
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(header)?.[1];
  return encoded === undefined ? header : Buffer.from(encoded, 'base64').toString('utf8');
}

function mismatch(message: string): HeaderRefusal {
  return { code: RPC_ERRORS.headerMismatch, message: `Header mismatch: ${message}` };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

function one(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.trim();
}
