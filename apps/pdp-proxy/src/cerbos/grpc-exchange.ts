import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import type { ReasonId } from '@iris/contracts';
import type { Asked, CerbosMethod, Exchange } from '../decide/index.js';
import type { GrpcCall, GrpcReply, PdpGrpc } from '../upstream/pdp-grpc.js';

/** A question over gRPC. One that is unchanged leaves as the bytes that came, and every answer as the bytes of the PDP. */
export function grpcExchange<I extends DescMessage, O extends DescMessage>(
  { input, output }: CerbosMethod<I, O>,
  pdp: PdpGrpc,
  path: string,
  asSent: () => Uint8Array,
  call: GrpcCall,
): Exchange<MessageShape<I>, MessageShape<O>, GrpcReply> {
  return {
    ask: async (question): Promise<Asked<MessageShape<O>, GrpcReply>> => {
      const reply = await pdp.call(path, question === undefined ? asSent() : toBinary(input, question), call);
      if (!reply.ok) return { reply, reason: reasonOf(reply.error.code) };
      try {
        return { reply, answer: fromBinary(output, reply.bytes) };
      } catch {
        return { reply: failure(status.INTERNAL, "the PDP's answer cannot be read"), reason: 'internal_error' };
      }
    },
    reply: (answer) => ({ ok: true, bytes: Buffer.from(toBinary(output, answer)) }),
    refuse: ({ code, message }) => failure(code, message),
  };
}

function failure(code: status, details: string): GrpcReply {
  return { ok: false, error: { code, details, metadata: new Metadata() } };
}

/** Why there is no decision, by the code of gRPC. */
function reasonOf(code: status): ReasonId {
  switch (code) {
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.UNAUTHENTICATED:
    case status.RESOURCE_EXHAUSTED:
      return 'pdp_rejected';
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return 'pdp_timeout';
    default:
      return 'pdp_unavailable';
  }
}
