import { setImmediate } from 'node:timers/promises';
import { PlanKind as CerbosPlanKind, NotOK, Status } from '@cerbos/core';
import type { Certificates } from '@iris/grpc-tls';
import { bulkhead, isBulkheadRejectedError } from 'cockatiel';
import { encodeCheck } from './check-encoding.js';
import { chunkResources } from './chunks.js';
import {
  type CheckRequest,
  type CheckResult,
  type Pdp,
  type PdpCall,
  PdpError,
  type PdpResource,
  type PlanKind,
  type PlanRequest,
} from './pdp.js';
import { PdpConnection } from './pdp-connection.js';
import { readResult } from './read-result.js';

const REJECTIONS = new Set([Status.INVALID_ARGUMENT, Status.FAILED_PRECONDITION, Status.UNAUTHENTICATED]);

/** How many parts of one check are asked at the same time, so that a large one leaves the PDP free for others. */
const PARTS_AT_ONCE = 4;
/** How many calls of checks run at the same time in all, and how many may wait. */
const CALLS_AT_ONCE = 128;
const MAX_WAITING_CALLS = 5000;

export interface CerbosPdpOptions {
  /** `host:port` or `unix:/path` of the PDP's gRPC listener. A name with several addresses is several PDPs. */
  readonly target: string;
  /** true trusts the public authorities. */
  readonly tls: boolean | Certificates;
}

/** How long calls in flight may take on a connection that another one has replaced, in ms. */
const REPLACED_CONNECTION_MS = 30_000;

/** A Cerbos PDP, or anything that speaks its API, over gRPC. */
export class CerbosPdp implements Pdp {
  private connection: PdpConnection;
  private readonly calls = bulkhead(CALLS_AT_ONCE, MAX_WAITING_CALLS);

  constructor(private readonly options: CerbosPdpOptions) {
    this.connection = this.connect();
    const { tls } = options;
    if (typeof tls !== 'boolean') tls.onChange(() => this.reconnect());
  }

  /** Certificates are given when a connection is made, so renewed ones need a new connection. */
  private reconnect(): void {
    const replaced = this.connection;
    this.connection = this.connect();
    setTimeout(() => replaced.close(), REPLACED_CONNECTION_MS).unref();
  }

  private connect(): PdpConnection {
    const { target, tls } = this.options;
    return new PdpConnection(target, typeof tls === 'boolean' ? tls : tls.secureContext);
  }

  /**
   * Checks all resources, in as few calls as the PDP's limits allow; a few calls run side by side.
   *
   * @throws PdpError when any of the calls stays without an answer: a part of a decision is none
   */
  async check(request: CheckRequest, call: PdpCall): Promise<CheckResult[]> {
    const parts = chunkResources(request.resources);
    const endsAt = performance.now() + call.timeoutMs;
    const answers: CheckResult[][] = [];
    let next = 0;
    let from = 0;
    let problem: unknown;
    let turn: Promise<unknown> = Promise.resolve();
    const { length } = request.resources;
    const askOneByOne = async () => {
      while (from < length && problem === undefined) {
        // Making and encoding a part takes some ms, so each further one has a turn of the event loop of its own.
        if (next > 0) {
          turn = turn.then(() => setImmediate());
          await turn;
        }
        const { value: part, done } = parts.next();
        if (done === true) return;
        const index = next;
        const first = from;
        next += 1;
        from += part.length;
        try {
          const answer = await this.calls.execute(() => this.checkPart(request, part, call, endsAt));
          answers[index] = answer;
          call.onPart?.(first, answer);
        } catch (error) {
          problem ??= isBulkheadRejectedError(error)
            ? new PdpError('pdp_unavailable', 'too many checks wait for the PDP', { cause: error })
            : error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARTS_AT_ONCE, length) }, askOneByOne));
    if (problem !== undefined) throw problem;
    return answers.flat();
  }

  private async checkPart(
    request: CheckRequest,
    resources: readonly PdpResource[],
    call: PdpCall,
    endsAt: number,
  ): Promise<CheckResult[]> {
    const timeoutMs = endsAt - performance.now();
    if (timeoutMs <= 0) throw new PdpError('pdp_timeout', 'the PDP did not answer all parts of a check in time');
    const response = await this.answerOf({ ...call, timeoutMs }, (signal) =>
      this.connection.check(encodeCheck(request, resources), headersOf(request), signal),
    );
    return resources.map((resource, index) => readResult(resource, response.results[index], response.cerbosCallId));
  }

  /** @throws PdpError when the PDP does not answer */
  async version(timeoutMs: number): Promise<string> {
    const { version, commit } = await this.answerOf({ timeoutMs }, (signal) =>
      this.connection.sdk.serverInfo({ signal }),
    );
    return [version, commit.slice(0, 12)].filter((part) => part !== '').join(' ');
  }

  /**
   * Asks whether an action is allowed at all, with some attributes left open.
   *
   * @throws PdpError when the PDP does not answer
   */
  async plan(request: PlanRequest, call: PdpCall): Promise<PlanKind> {
    const plan = await this.answerOf(call, (signal) =>
      this.connection.sdk.planResources(
        {
          requestId: request.requestId,
          includeMetadata: true,
          principal: { id: request.principal.id, roles: [...request.principal.roles], attr: request.principal.attr },
          resource: {
            kind: request.kind,
            attr: request.attr,
            policyVersion: request.policyVersion,
            scope: request.scope,
          },
          actions: [request.action],
        },
        { signal, headers: headersOf(request) },
      ),
    );
    switch (plan.kind) {
      case CerbosPlanKind.ALWAYS_ALLOWED:
        return 'ALWAYS_ALLOWED';
      case CerbosPlanKind.ALWAYS_DENIED:
        return 'ALWAYS_DENIED';
      default:
        return 'CONDITIONAL';
    }
  }

  /**
   * The version that the PDP reports about itself, for example `0.55.0`.
   *
   * @throws PdpError when the PDP does not answer
   */
  async serverVersion(call: PdpCall): Promise<string> {
    const { version } = await this.answerOf(call, (signal) => this.connection.sdk.serverInfo({ signal }));
    return version;
  }

  close(): void {
    this.connection.close();
  }

  private async answerOf<T>(call: PdpCall, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // Not AbortSignal.timeout: its timer, and with it the whole question, would outlive the answer.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), Math.max(1, Math.floor(call.timeoutMs)));
    const signal = call.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, call.signal]);
    try {
      return await ask(signal);
    } catch (error) {
      throw toPdpError(error, timeout.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

function toPdpError(error: unknown, timeout: AbortSignal): PdpError {
  if (timeout.aborted) return new PdpError('pdp_timeout', 'the PDP did not answer in time', { cause: error });
  if (isAnswer(error) && REJECTIONS.has(error.code)) {
    return new PdpError('pdp_rejected', `the PDP refused the check: ${error.details}`, { cause: error });
  }
  return new PdpError('pdp_unavailable', 'the PDP could not be reached or failed', { cause: error });
}

/** Whether the PDP answered with a status of its own: the errors of gRPC and of Cerbos' client name it alike. */
function isAnswer(error: unknown): error is Pick<NotOK, 'code' | 'details'> {
  return error instanceof NotOK || (error instanceof Error && 'code' in error && 'details' in error);
}

/** gRPC header values hold printable ASCII only. */
function headersOf({ requestId }: { readonly requestId: string }): Record<string, string> {
  return { 'x-request-id': requestId.replace(/[^\x20-\x7e]/g, '?').slice(0, 200) };
}
