import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { ReasonId } from '@iris/contracts';
import { CERBOS_SERVICE, type CerbosMethod, type Exchange } from '../decide/index.js';
import type { GrpcCall, PdpGrpc } from '../upstream/pdp-grpc.js';
import { grpcExchange } from './grpc-exchange.js';

/** An answer as a message, for protocols that are built on the Cerbos API. */
export type Answer<O> =
  | { readonly ok: true; readonly answer: O }
  | { readonly ok: false; readonly code: number; readonly message: string; readonly reason: ReasonId };

/** A question that another protocol makes, sent over gRPC. */
export function answerExchange<I extends DescMessage, O extends DescMessage>(
  method: CerbosMethod<I, O>,
  pdp: PdpGrpc,
  question: MessageShape<I>,
  call: GrpcCall,
): Exchange<MessageShape<I>, MessageShape<O>, Answer<MessageShape<O>>> {
  const { ask } = grpcExchange(
    method,
    pdp,
    `/${CERBOS_SERVICE}/${method.name}`,
    () => toBinary(method.input, question),
    call,
  );
  return {
    ask: async (changed) => {
      const { reply, answer, reason } = await ask(changed);
      if (answer !== undefined) return { reply: { ok: true, answer }, answer };
      const error = reply.ok ? undefined : reply.error;
      return {
        reply: {
          ok: false,
          code: error?.code ?? 13,
          message: error?.details ?? 'no answer',
          reason: reason ?? 'internal_error',
        },
        reason,
      };
    },
    reply: (answer) => ({ ok: true, answer }),
    refuse: (refusal) => ({ ok: false, ...refusal }),
  };
}
