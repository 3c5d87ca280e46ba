import type { IncomingHttpHeaders } from 'node:http';
import type { ApertureProvider } from './aperture-config.js';

/** Headers of one connection, never passed on. */
export const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
  'expect',
  'accept-encoding',
];
const CREDENTIALS = ['authorization', 'x-api-key', 'x-goog-api-key'];

/** The client's headers as the provider gets them: without the connection's own, with the provider's credential. */
export function upstreamHeaders(headers: IncomingHttpHeaders, provider: ApertureProvider, isModified: boolean) {
  const dropped = new Set([
    ...HOP_BY_HOP,
    ...(provider.apikey === '' ? [] : CREDENTIALS),
    ...(isModified ? ['content-encoding'] : []),
  ]);
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name));
  const credential =
    provider.authorization === 'bearer'
      ? ['authorization', `Bearer ${provider.apikey}`]
      : [provider.authorization, provider.apikey];
  return Object.fromEntries(provider.apikey === '' ? kept : [...kept, credential]);
}
