import { type DescMessage, fromJson, fromJsonString, type MessageShape, toJson } from '@bufbuild/protobuf';
import { isJsonObject, type Json, type ReasonId } from '@iris/contracts';
import type { Asked, CerbosMethod, Exchange } from '../decide/index.js';
import type { HttpCall, HttpReply, PdpHttp } from '../upstream/pdp-http.js';
import { errorText, httpStatus } from './http-routes.js';

/** A question over HTTP. One that is unchanged leaves as the text that came, and every answer as the text of the PDP. */
export function httpExchange<I extends DescMessage, O extends DescMessage>(
  { input, output }: CerbosMethod<I, O>,
  pdp: PdpHttp,
  call: HttpCall,
  asSent: ReadQuestion<MessageShape<I>>,
): Exchange<MessageShape<I>, MessageShape<O>, HttpReply> {
  return {
    ask: async (question): Promise<Asked<MessageShape<O>, HttpReply>> => {
      const body = question === undefined ? call.body : encoded(toJson(input, question) as Json, asSent.unlisted);
      if (body === undefined) {
        const reply = failure(3, 'a batch in which only some kinds get facts must not have unknown fields');
        return { reply, reason: 'request_unreadable' };
      }
      const headers = question === undefined ? call.headers : { ...call.headers, 'content-type': 'application/json' };
      const reply = await answered(pdp, { ...call, headers, body });
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
      body: Buffer.from(JSON.stringify(toJson(output, answer))),
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

/** A question as it was read from its text. */
export interface ReadQuestion<I> {
  readonly question: I;
  /** The whole text as JSON, where it has fields that the published messages do not list. */
  readonly unlisted?: Json;
}

/** @throws Error when the text is no question */
export function readQuestion<I extends DescMessage>(input: I, text: string): ReadQuestion<MessageShape<I>> {
  const json: Json = JSON.parse(text);
  try {
    return { question: fromJson(input, json) };
  } catch {
    return { question: fromJson(input, json, { ignoreUnknownFields: true }), unlisted: json };
  }
}

/** The text of a question with facts. A field that the messages do not list is kept: a later PDP may know it. */
function encoded(json: Json, unlisted: Json | undefined): string | undefined {
  if (unlisted === undefined) return JSON.stringify(json);
  const whole = withUnlisted(json, unlisted);
  return whole === undefined ? undefined : JSON.stringify(whole);
}

function withUnlisted(json: Json, sent: Json): Json | undefined {
  if (Array.isArray(json) && Array.isArray(sent)) {
    // Texts have no fields that could be lost.
    if (!sent.some(isJsonObject)) return json;
    if (json.length !== sent.length) return undefined;
    const items = json.map((item, index) => withUnlisted(item, sent[index] ?? null));
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (!isJsonObject(json) || !isJsonObject(sent)) return json;
  const whole = new Map<string, Json>();
  const names = new Map(Object.keys(sent).map((name) => [camelCase(name), name]));
  for (const [name, sentName] of names) if (!Object.hasOwn(json, name)) whole.set(sentName, sent[sentName] ?? null);
  for (const [name, value] of Object.entries(json)) {
    const sentName = names.get(name);
    // Attributes are the facts' own: what was taken out of them must not come back.
    const merged = name === 'attr' || sentName === undefined ? value : withUnlisted(value, sent[sentName] ?? null);
    if (merged === undefined) return undefined;
    whole.set(name, merged);
  }
  return Object.fromEntries(whole);
}

/** A field may be spelt as in the proto file or in camel case. */
function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
