import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '@iris/contracts';
import { applyEdits, type Edit } from '@iris/json-document';
import { type ListedTool, type RpcRequest, resultText } from '@iris/mcp-calls';
import { CLIENT_CAPABILITIES_META_KEY } from '@modelcontextprotocol/server';
import { type Exchange, headerOf, sendJson } from '../relay/exchange.js';
import type { Incoming } from '../relay/incoming.js';
import { metaOf } from '../relay/origin.js';
import { PacedWriter } from '../relay/paced-writer.js';
import { eventText } from '../relay/relay-response.js';
import type { Session } from '../sessions/session-table.js';
import { isConfirmed, questionParams, showsForms } from './confirm-question.js';
import { type BoundCall, CONFIRM_SECONDS, type ConfirmedStates } from './confirmed-state.js';

/** The question of the gateway among those of a server. */
const KEY = 'iris_confirmation';

/** Begins the ids of requests that the gateway sends to a client. */
const ID_PREFIX = 'iris-confirm-';

const EVENT_STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' };

/** What a request carries of a confirmation. */
export type CarriedConfirmation =
  | { readonly state: 'none' }
  | { readonly state: 'invalid' }
  | { readonly state: 'refused' }
  /** `body`: the request as the server gets it, without what is the gateway's. */
  | { readonly state: 'confirmed'; readonly body: string; readonly wrapState: (inner?: string) => Promise<string> };

/** Asks the person behind a call to confirm it. */
export class CallConfirmation {
  constructor(private readonly states: ConfirmedStates) {}

  canAsk({ message, session, stateless, exchange }: Incoming): boolean {
    if (stateless) return showsForms(metaOf(message)[CLIENT_CAPABILITIES_META_KEY]);
    return (
      showsForms(session?.client.capabilities) && (headerOf(exchange, 'accept') ?? '').includes('text/event-stream')
    );
  }

  /** Reads what a stateless request carries. */
  async carried({ exchange, message, document }: Incoming<RpcRequest>, tool: ListedTool): Promise<CarriedConfirmation> {
    const { requestState, inputResponses } = message.params;
    if (!this.states.isOwn(requestState)) return { state: 'none' };
    const call = boundCall(exchange, message, tool);
    const opened = await this.states.open(call, requestState);
    if (opened === undefined) return { state: 'invalid' };
    const responses: JsonObject = isJsonObject(inputResponses) ? inputResponses : {};
    if (!opened.confirmed && !isConfirmed(responses[KEY])) return { state: 'refused' };
    const edits: Edit[] = [
      opened.inner === undefined
        ? { op: 'remove', path: ['params', 'requestState'] }
        : { op: 'set', path: ['params', 'requestState'], json: JSON.stringify(opened.inner) },
    ];
    if (Object.hasOwn(responses, KEY)) {
      const isOnly = Object.keys(responses).length === 1;
      edits.push({ op: 'remove', path: ['params', 'inputResponses', ...(isOnly ? [] : [KEY])] });
    }
    const wrapState = (inner?: string) => this.states.seal(call, { confirmed: true, inner });
    return { state: 'confirmed', body: applyEdits(document, edits), wrapState };
  }

  /** Answers a stateless request with the question. */
  async ask({ exchange, message }: Incoming<RpcRequest>, tool: ListedTool, question: string): Promise<void> {
    const { requestState } = message.params;
    const inner = typeof requestState === 'string' ? requestState : undefined;
    const params = questionParams(question, tool.server, tool.name);
    const result = {
      resultType: 'input_required',
      inputRequests: { [KEY]: { method: 'elicitation/create', params } },
      requestState: await this.states.seal(boundCall(exchange, message, tool), { confirmed: false, inner }),
    };
    sendJson(exchange, 200, resultText(message.id, result));
  }

  /**
   * Asks on the stream of the request, and waits.
   *
   * @returns the stream, on which the answer to the request follows, and whether the person has confirmed
   */
  async askOnStream(
    exchange: Exchange,
    session: Session,
    tool: ListedTool,
    question: string,
  ): Promise<{ readonly writer: PacedWriter; readonly confirmed: boolean }> {
    const writer = new PacedWriter(exchange.response, 200, EVENT_STREAM);
    const id = ID_PREFIX + randomUUID();
    const params = questionParams(question, tool.server, tool.name);
    const answered = new Promise<JsonObject | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), CONFIRM_SECONDS * 1000).unref();
      exchange.signal.addEventListener('abort', () => resolve(undefined), { once: true });
      session.questions.set(id, (response) => {
        clearTimeout(timer);
        resolve(response);
      });
    });
    await writer.write(eventText(JSON.stringify({ jsonrpc: '2.0', id, method: 'elicitation/create', params })));
    const response = await answered;
    session.questions.delete(id);
    return { writer, confirmed: isConfirmed(response) };
  }

  /** Takes the answer to a question of the gateway. @returns whether it is one */
  take({ message, session }: Incoming): boolean {
    if (message.kind !== 'response' || typeof message.id !== 'string' || !message.id.startsWith(ID_PREFIX))
      return false;
    session?.questions.get(message.id)?.(message.result);
    return true;
  }
}

function boundCall({ caller }: Exchange, { params }: RpcRequest, { server, name }: ListedTool): BoundCall {
  const principal = `${caller.who.kind}:${caller.who.id}`;
  return { principal, server, tool: name, arguments: params.arguments ?? null };
}
