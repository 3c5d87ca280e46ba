import type { JsonObject } from '@iris/contracts';
import type { Operation } from '../effect.js';
import type { EffectList } from '../effect-list.js';
import { hostsIn } from '../host-scan.js';

const METHODS: Readonly<Record<string, Operation>> = {
  GET: 'read',
  HEAD: 'read',
  OPTIONS: 'read',
  POST: 'write',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
};

/** Schemes of connection strings belong to the tool itself. */
const FETCHED =
  /^(?:https?|wss?|ftps?|view-source|javascript|data|blob|file|feed|about|chrome):|^[^:]*$|^[^/:]+:\d+(?:\/|$)/i;

/** A tool that loads a URL. */
export function addUrlEffect(tool: string, url: string, params: JsonObject, effects: EffectList): void {
  // Readers of URLs leave out tabs and line breaks: WHATWG URL, basic URL parser.
  const text = url.replace(/[\t\r\n]/g, '').trim();
  if (text === '' || !FETCHED.test(text)) return;
  const method = params.method;
  const isFetched = /^(?:https?|wss?|ftps?):|^[^:]*$|^[^/:]+:\d/i.test(text);
  effects.add({
    program: tool,
    system: 'http',
    category: 'web',
    operation: typeof method === 'string' ? (METHODS[method.toUpperCase()] ?? 'execute') : 'read',
    targets: [
      ...(isFetched
        ? [{ text: text.includes('://') ? text : `http://${text}`, kind: 'url' as const, doubtful: false }]
        : []),
      ...hostsIn(text.slice(0, 4096)).map((host) => ({ text: host, kind: 'host' as const, doubtful: true })),
    ],
    via: [],
  });
}
