import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import { count, type Logger } from '@iris/telemetry';
import type { Authentication, Caller } from '../callers/caller.js';
import type { OpenCallers } from '../callers/index.js';

/** The caller of each call in flight. */
const callers = new WeakMap<Metadata, Caller>();

/** The caller of an authenticated call. */
export function callerOf(metadata: Metadata): Caller | undefined {
  return callers.get(metadata);
}

/** Probes come without credentials, and a probe's answer is no decision. */
const PROBES = '/grpc.health.v1.Health/';

/** Refuses calls without a known caller by their headers alone: no byte of a message is read before. */
export function authentication(known: OpenCallers, logger: Logger): ServerInterceptor {
  return (method, call) => {
    if (method.path.startsWith(PROBES)) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const decide = (result: Authentication) => {
          if (result.ok) {
            callers.set(metadata, result.caller);
            next(metadata);
            return;
          }
          count('iris.proxy.requests', { protocol: 'cerbos', outcome: 'unauthenticated' });
          logger.warn({ peer: call.getPeer(), problem: result.problem }, 'a gRPC call has no known caller');
          call.sendStatus({ code: status.UNAUTHENTICATED, details: result.problem });
        };
        const result = known.authenticate({
          header: (name) => {
            const value = metadata.get(name)[0];
            return typeof value === 'string' ? value : undefined;
          },
          certificateNames: call.getAuthContext().sslPeerCertificate?.subjectaltname,
          address: call.getConnectionInfo().remoteAddress,
        });
        if (result instanceof Promise) void result.then(decide);
        else decide(result);
      })
      .build();
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
  };
}
