import { hash } from 'node:crypto';
import { isJsonObject, type Json } from '@iris/contracts';
import type { JsonDocument, JsonPath } from '@iris/json-document';
import type { ExecutedCall } from './formats/llm-format.js';

/**
 * The calls with the digest of their results. An agent that resends its history gives the same digests on every turn.
 * Each result is hashed once, however many calls share it.
 */
export function withResultDigests(calls: readonly ExecutedCall[], body: JsonDocument): ExecutedCall[] {
  const digests = new Map<JsonPath, string>();
  const digestAt = (path: JsonPath) => {
    let digest = digests.get(path);
    if (digest === undefined) {
      digest = digestOfResult(body, path);
      digests.set(path, digest);
    }
    return digest;
  };
  // Calls that are answered together hold the same list of results.
  const ofLists = new Map<ExecutedCall['results'], string>();
  return calls.map((call) => {
    const { results } = call;
    const [only] = results;
    if (only === undefined) return call;
    let resultDigest = ofLists.get(results);
    if (resultDigest === undefined) {
      resultDigest = results.length === 1 ? digestAt(only) : sha256(results.map(digestAt).join('\n'));
      ofLists.set(results, resultDigest);
    }
    return { ...call, resultDigest };
  });
}

function digestOfResult(body: JsonDocument, path: JsonPath): string {
  const value = valueAt(body.value, path);
  if (typeof value === 'string') return sha256(`text:${value}`);
  let exact = true;
  const printed = JSON.stringify(value ?? null, (key, member: Json) => {
    if (typeof member === 'number' && !Number.isSafeInteger(member)) exact = false;
    return key === 'cache_control' && isCacheMark(member) ? undefined : member;
  });
  // Two numbers may differ in the text and be the same when read.
  return sha256(exact ? printed : `${printed}\n${body.source(path) ?? ''}`);
}

/**
 * A mark that clients move to the newest message on every turn. It holds no content.
 * Source: Anthropic's prompt caching, `cache_control`.
 */
function isCacheMark(value: Json): boolean {
  if (value === null) return true;
  return (
    isJsonObject(value) &&
    value.type === 'ephemeral' &&
    Object.keys(value).every((key) => key === 'type' || (key === 'ttl' && /^\d{1,3}[mh]$/.test(String(value.ttl))))
  );
}

function valueAt(root: Json, path: JsonPath): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, Json>)[key];
  }
  return value;
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}
