import { serialize } from 'node:v8';
import { type Hook, hookCallDataSchema, type ToolCall } from '@iris/contracts';
import { Piscina } from 'piscina';
import { decodeBody } from '../protocol/content-coding.js';
import type { RewritableBody } from '../protocol/hook-calls.js';
import { compactCall, weightOf } from './compact-call.js';
import { InThreadHookReader } from './hook-reader.js';
import type { ReadTask, ReadTaskResult, ReadWorkerData, RewriteTask, RewriteTaskResult } from './read-protocol.js';

/**
 * The worker thread that reads and rewrites large hooks. A thread keeps the document that it read last, for a rewrite a
 * moment later. Any other thread reads the decoded body again, so none is bound to a hook while that waits for facts and
 * the PDP, and a thread that ends takes along the one hook it works on.
 */

const { limits } = Piscina.workerData as ReadWorkerData;
const NO_DATA = hookCallDataSchema.parse({});
const reader = new InThreadHookReader(limits);

/** For how long a document is kept, in ms: about the budget of a hook. */
const KEPT_MS = 2000;

let kept: { readonly id: number; readonly body: RewritableBody } | undefined;
let expiry: NodeJS.Timeout | undefined;

function keep(id: number, body: RewritableBody | undefined): void {
  clearTimeout(expiry);
  kept = body === undefined ? undefined : { id, body };
  expiry = setTimeout(() => keep(id, undefined), KEPT_MS).unref();
}

/** How much of the calls the event loop reads in one turn, by `weightOf`. */
const BATCH_WEIGHT = 10_000;

export async function read({ id, incoming }: ReadTask): Promise<ReadTaskResult> {
  // One document at a time: the memory of a thread is bounded.
  kept = undefined;
  const sent = bufferOf(incoming.body);
  const decoded = await decodeBody(sent, incoming.contentCoding, limits);
  // Where decoding fails the reader names the reason.
  const body = decoded.ok ? decoded.bytes : sent;
  const contentCoding = decoded.ok ? undefined : incoming.contentCoding;
  const reading = await reader.read({ ...incoming, body, contentCoding });
  if (!reading.ok) return reading;
  // The document stays here: what the pipeline needs of it is in the calls.
  const hook: Hook = { ...reading.hook, data: { ...NO_DATA, metadata: reading.hook.metadata } };
  if (reading.calls.status !== 'read')
    return moving({ ok: true, hook, calls: reading.calls, batches: [], body: own(body) });
  const { calls, body: rewritable, ...beside } = reading.calls;
  const format = rewritable?.format;
  keep(id, rewritable);
  return moving({ ok: true, hook, calls: { ...beside, format }, batches: batchesOf(calls), body: own(body) });
}

export async function rewrite({ id, incoming, decisions }: RewriteTask): Promise<RewriteTaskResult> {
  const body = kept?.id === id ? kept.body : await readAgain(incoming);
  const rewritten = await body.rewrite(decisions);
  const original = own(incoming.body);
  if (rewritten.status !== 'rewritten') return movable({ rewritten, body: original }, [original.buffer]);
  const text = own(Buffer.from(rewritten.text)) as Buffer;
  const result = { rewritten: { status: 'rewritten' as const, text }, body: original };
  return movable(result, [text.buffer, original.buffer]);
}

async function readAgain(incoming: RewriteTask['incoming']): Promise<RewritableBody> {
  kept = undefined;
  const reading = await reader.read({ ...incoming, body: bufferOf(incoming.body) });
  const body = reading.ok && reading.calls.status === 'read' ? reading.calls.body : undefined;
  if (body === undefined) throw new Error('a body that was read can be read again');
  return body;
}

function batchesOf(calls: readonly ToolCall[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  let batch: ToolCall[] = [];
  let weight = 0;
  const close = () => {
    if (batch.length > 0) batches.push(own(serialize(batch)));
    batch = [];
    weight = 0;
  };
  for (const call of calls) {
    const compact = compactCall(call, limits.maxParamsBytesPdp);
    batch.push(compact);
    weight += weightOf(compact);
    if (weight >= BATCH_WEIGHT) close();
  }
  close();
  return batches;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes in memory of their own, which can be transferred. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function moving(result: Extract<ReadTaskResult, { ok: true }>): ReadTaskResult {
  return movable<ReadTaskResult>(
    result,
    [result.body, ...result.batches].map(({ buffer }) => buffer),
  );
}

/** A result whose buffers are transferred. Source: Piscina's documentation, `Piscina.move`. */
function movable<T>(value: T, transferList: ArrayBufferLike[]): T {
  return Piscina.move({
    [Piscina.transferableSymbol]: transferList,
    [Piscina.valueSymbol]: value,
  } as never) as T;
}
