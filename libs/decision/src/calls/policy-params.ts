import { hash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';

/** Parameters as the PDP is asked about them, or why the call is denied by itself. */
export type PolicyParams =
  | { readonly status: 'ok'; readonly params: JsonObject; readonly truncated: boolean }
  | { readonly status: 'call_too_large' | 'call_too_complex' };

/** A call with more than this is denied: what a model writes into one call is smaller. In bytes of JSON, about. */
export const MAX_CALL_BYTES = 1_048_576;
/** Keys and values of the parameters of one call. */
export const MAX_CALL_VALUES = 20_000;
/** Protobuf decoders on the PDP's side refuse deep nesting. */
export const MAX_CALL_DEPTH = 60;

/** Longer texts are cut when the parameters are too long for the PDP, in characters. */
const LONG_TEXT = 1024;
const DEPTH_MARK = `[cut: deeper than ${MAX_CALL_DEPTH} levels]`;

/**
 * Makes parameters fit for the PDP. Each text that is cut is replaced as a whole by its length and SHA-256, so that no
 * condition takes a part of a value for the value; a policy sees from `truncated` that something is missing.
 *
 * @param maxBytes from which size on texts are cut
 */
export function policyParams(params: JsonObject, maxBytes: number): PolicyParams {
  const whole = new Copy(false);
  const copy = whole.object(params, 1);
  if (whole.values > MAX_CALL_VALUES) return { status: 'call_too_complex' };
  if (whole.bytes > MAX_CALL_BYTES) return { status: 'call_too_large' };
  if (whole.bytes <= maxBytes) return { status: 'ok', params: copy, truncated: whole.truncated };
  const cut = new Copy(true);
  const shorter = cut.object(params, 1);
  if (cut.bytes > maxBytes) return { status: 'call_too_large' };
  return { status: 'ok', params: shorter, truncated: true };
}

/** One copy of the parameters. It ends early when a limit is passed, and is of no use then. */
class Copy {
  bytes = 0;
  values = 0;
  truncated = false;

  constructor(private readonly cutsTexts: boolean) {}

  object(object: JsonObject, depth: number): JsonObject {
    const copy: JsonObject = {};
    for (const key of Object.keys(object)) {
      if (this.isOver()) break;
      this.bytes += bytesOf(key);
      // Protobuf decoders copy properties by assignment, which would set a prototype.
      if (key === '__proto__') this.truncated = true;
      else copy[key.toWellFormed()] = this.value(object[key] ?? null, depth + 1);
    }
    return copy;
  }

  private value(value: Json, depth: number): Json {
    this.values += 1;
    this.bytes += 8;
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_CALL_DEPTH) {
      this.truncated = true;
      return DEPTH_MARK;
    }
    if (isJsonObject(value)) return this.object(value, depth);
    const list: Json[] = [];
    for (const element of value) {
      if (this.isOver()) break;
      list.push(this.value(element, depth + 1));
    }
    return list;
  }

  private text(text: string): string {
    const isCut = this.cutsTexts && text.length > LONG_TEXT;
    const kept = isCut ? cutMark(text) : text.toWellFormed();
    this.bytes += bytesOf(kept);
    return kept;
  }

  private isOver(): boolean {
    return this.values > MAX_CALL_VALUES || this.bytes > MAX_CALL_BYTES;
  }
}

/** The most that a text takes, without looking at each of its characters where it is short. */
function bytesOf(text: string): number {
  return text.length < 64 ? text.length * 3 : Buffer.byteLength(text);
}

function cutMark(text: string): string {
  return `[cut: ${text.length} characters, sha256 ${hash('sha256', text)}]`;
}
