import type { ServerUnaryCall } from '@grpc/grpc-js';
import {
  ENRICHER_SERVICE,
  type EnrichRequest,
  type EnrichResponse,
  fromEnrichRequest,
  toEnrichResponse,
} from '@iris/contracts';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { AnswerChain } from '../answer-chain.js';
import { VendorError } from '../vendor-error.js';

/**
 * A client whose deadline passes ends the call just before this side's clock, in ms. Such an end is the
 * deadline's, not a cancellation.
 */
const DEADLINE_SLACK_MS = 50;

/** The gRPC side of an enricher. */
@Controller()
export class EnrichController {
  constructor(private readonly chain: AnswerChain) {}

  @GrpcMethod(ENRICHER_SERVICE, 'enrich')
  async enrich(
    request: EnrichRequest,
    _metadata: unknown,
    call: ServerUnaryCall<EnrichRequest, EnrichResponse>,
  ): Promise<EnrichResponse> {
    const { subject, resource, fromVendor } = fromEnrichRequest(request);
    const cancelled = cancellation(call);
    const answer = fromVendor
      ? this.chain.answerOfVendor(subject, resource, cancelled)
      : this.chain.answer(subject, resource, cancelled);
    return toEnrichResponse(await answer);
  }
}

/**
 * Aborted when the caller gives the question up. A deadline that passes is none: the vendor's answer, bounded by the
 * source's own time limit, then serves the next question.
 */
function cancellation(call: ServerUnaryCall<EnrichRequest, EnrichResponse>): AbortSignal {
  const controller = new AbortController();
  const deadline = Number(call.getDeadline());
  call.on('cancelled', () => {
    if (Date.now() < deadline - DEADLINE_SLACK_MS) {
      controller.abort(new VendorError('cancelled', 'the gateway gave the question up'));
    }
  });
  return controller.signal;
}
