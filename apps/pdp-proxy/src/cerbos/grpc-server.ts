import { fromBinary, type Message } from '@bufbuild/protobuf';
import {
  Metadata,
  Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { count, type Logger } from '@iris/telemetry';
import type { Caller, OpenCallers } from '../callers/index.js';
import { CERBOS_METHODS, CERBOS_SERVICE, type CerbosMethod, type DecideService } from '../decide/index.js';
import { bytesMethod, type GrpcReply, type PdpGrpc } from '../upstream/pdp-grpc.js';
import { callScope } from './call-scope.js';
import { authentication, callerOf } from './grpc-authentication.js';
import { grpcExchange } from './grpc-exchange.js';
import { HealthWatch } from './health-watch.js';

const SERVER_INFO = `/${CERBOS_SERVICE}/ServerInfo`;
const HEALTH = '/grpc.health.v1.Health';

export interface CerbosGrpcOptions {
  readonly budgetMs: number;
  /** Largest question in bytes. */
  readonly maxBytes: number;
}

/** The Cerbos service over gRPC: messages arrive as bytes and leave as bytes. */
export class CerbosGrpc {
  constructor(
    private readonly pdp: PdpGrpc,
    private readonly decisions: DecideService,
    private readonly callers: OpenCallers,
    private readonly logger: Logger,
    private readonly options: CerbosGrpcOptions,
  ) {}

  /** A server with the service and its health; further services may be added before it listens. */
  server(): Server {
    const server = new Server({
      'grpc.max_receive_message_length': this.options.maxBytes,
      interceptors: [authentication(this.callers, this.logger)],
    });
    const paths = Object.fromEntries(
      CERBOS_METHODS.map((method) => [method.name, bytesMethod(`/${CERBOS_SERVICE}/${method.name}`)]),
    );
    const handlers: UntypedServiceImplementation = Object.fromEntries(
      CERBOS_METHODS.map((method) => [method.name, unary((call) => this.decide(method, call))]),
    );
    server.addService(
      { ...paths, ServerInfo: bytesMethod(SERVER_INFO) },
      { ...handlers, ServerInfo: unary((call) => this.forward(SERVER_INFO, call)) },
    );
    const watch = new HealthWatch((service) => this.health(service));
    server.addService(
      {
        Check: bytesMethod(`${HEALTH}/Check`),
        Watch: { ...bytesMethod(`${HEALTH}/Watch`), responseStream: true },
      },
      {
        Check: unary((call) => this.health(call.request)),
        Watch: (call: ServerWritableStream<Buffer, Buffer>) => watch.follow(call),
      },
    );
    return server;
  }

  private async decide(method: CerbosMethod, call: ServerUnaryCall<Buffer, Buffer>): Promise<GrpcReply> {
    const path = `/${CERBOS_SERVICE}/${method.name}`;
    let question: Message;
    try {
      question = fromBinary(method.input, call.request);
    } catch {
      // The PDP reports what is wrong; an answer to what Iris cannot read is no decision.
      count('iris.proxy.requests', { protocol: 'cerbos', outcome: 'request_unreadable' });
      const reply = await this.forward(path, call);
      return reply.ok ? unreadable() : reply;
    }
    const { budget, signal, done } = callScope(call, this.options.budgetMs);
    try {
      return await this.decisions.decide(
        method,
        question,
        { caller: callerOf(call.metadata) as Caller, protocol: 'cerbos', budget, signal },
        grpcExchange(method, this.pdp, path, () => call.request, {
          metadata: forwarded(call.metadata),
          deadline: Date.now() + budget.remainingMs(),
          signal,
        }),
      );
    } finally {
      done();
    }
  }

  private async forward(path: string, call: ServerUnaryCall<Buffer, Buffer>): Promise<GrpcReply> {
    const { budget, signal, done } = callScope(call, this.options.budgetMs);
    try {
      return await this.pdp.call(path, call.request, {
        metadata: forwarded(call.metadata),
        deadline: Date.now() + budget.remainingMs(),
        signal,
      });
    } finally {
      done();
    }
  }

  /** The PDP's own health: without a PDP nothing is decided here. */
  private async health(request: Buffer): Promise<GrpcReply> {
    const reply = await this.pdp.call(`${HEALTH}/Check`, request, {
      metadata: new Metadata(),
      deadline: Date.now() + this.options.budgetMs,
    });
    return reply.ok || reply.error.code === status.NOT_FOUND ? reply : { ok: true, bytes: NOT_SERVING };
  }
}

/** `HealthCheckResponse { status: NOT_SERVING }`. */
const NOT_SERVING = Buffer.from([0x08, 0x02]);

function unary(handle: (call: ServerUnaryCall<Buffer, Buffer>) => Promise<GrpcReply>) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    handle(call).then(
      (reply) => {
        if (reply.ok) {
          if (reply.headers !== undefined) call.sendMetadata(reply.headers);
          callback(null, reply.bytes);
        } else callback(reply.error);
      },
      () => callback({ code: status.INTERNAL, details: 'unexpected error' }),
    );
  };
}

function unreadable(): GrpcReply {
  return {
    ok: false,
    error: {
      code: status.INVALID_ARGUMENT,
      details: 'the message cannot be read, so it is not decided',
      metadata: new Metadata(),
    },
  };
}

/** Credentials are for Iris alone. */
const OWN_HEADERS = ['authorization', 'x-api-key', 'cookie', 'user-agent'];

/** What is passed on: tracing, request ids and whatever else the caller adds. */
function forwarded(metadata: Metadata): Metadata {
  const passed = metadata.clone();
  for (const name of OWN_HEADERS) passed.remove(name);
  return passed;
}
