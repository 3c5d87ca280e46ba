import { type DescMessage, fromJsonString, type MessageShape, toJsonString } from '@bufbuild/protobuf';
import type { ReasonId } from '@iris/contracts';
import type { Asked, CerbosMethod, Exchange } from '../decide/index.js';
import type { HttpCall, HttpReply, PdpHttp } from '../upstream/pdp-http.js';
import { errorText, httpStatus } from './http-routes.js';

/** A question over HTTP. One that is unchanged leaves as the text that came, and every answer as the text of the PDP. */
export function httpExchange<I extends DescMessage, O extends DescMessage>(
  { input, output }: CerbosMethod<I, O>,
  pdp: PdpHttp,
  call: HttpCall,
): Exchange<MessageShape<I>, MessageShape<O>, HttpReply> {
  return {
    ask: async (question): Promise<Asked<MessageShape<O>, HttpReply>> => {
      const reply = await answered(
        pdp,
        question === undefined
          ? call
          : {
              ...call,
              headers: { ...call.headers, 'content-type': 'application/json' },
              body: toJsonString(input, question),
            },
      );
      if (reply.status !== 200) return { reply, reason: reasonOf(reply.status) };
      try {
        return { reply, answer: fromJsonString(output, reply.body.toString('utf8'), { ignoreUnknownFields: true }) };
      } catch {
        return { reply: failure(13, "the PDP's answer cannot be read"), reason: 'internal_error' };
      }
    },
    reply: (answer) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(toJsonString(output, answer)),
    }),
    refuse: ({ code, message }) => failure(code, message),
  };
}

/** The PDP's reply; an error of the Cerbos API where it gives none. */
export async function answered(pdp: PdpHttp, call: HttpCall): Promise<HttpReply> {
  try {
    return await pdp.call(call);
  } catch (error) {
    const late = (error as Error).name === 'AbortError';
    return late ? failure(4, 'the PDP did not answer in time') : failure(14, 'the PDP could not be reached');
  }
}

export function failure(code: number, message: string): HttpReply {
  return {
    status: httpStatus(code),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(errorText(code, message)),
  };
}

function reasonOf(status: number): ReasonId {
  if (status === 504) return 'pdp_timeout';
  return status >= 400 && status < 500 ? 'pdp_rejected' : 'pdp_unavailable';
}
