import { create } from '@bufbuild/protobuf';
import { Effect } from '@cerbos/api/cerbos/effect/v1/effect_pb';
import { PrincipalSchema, ResourceSchema } from '@cerbos/api/cerbos/engine/v1/engine_pb';
import {
  CheckResourcesRequest_ResourceEntrySchema,
  CheckResourcesRequestSchema,
} from '@cerbos/api/cerbos/request/v1/request_pb';
import { Metadata } from '@grpc/grpc-js';
import type { JsonObject } from '@iris/contracts';
import { answerExchange } from '../cerbos/answer-exchange.js';
import { CHECK_RESOURCES, type DecideService, type Entry } from '../decide/index.js';
import { fromValue, type Mapping, toValue } from '../enrich/index.js';
import type { PdpGrpc } from '../upstream/pdp-grpc.js';

/** An HTTP request that a proxy is about to forward. */
export interface ForwardedRequest {
  readonly method: string;
  /** Path with its query, as it was sent. */
  readonly target: string;
  readonly host: string;
  readonly scheme?: string;
  readonly header: (name: string) => string | undefined;
  /** Identity of the verified client certificate. */
  readonly certificate?: string;
}

export type HttpAnswer =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly status: 403 | 400 | 503; readonly message: string };

/** Longest path with its query, in UTF-16 units. */
const MAX_TARGET = 16_384;

/** Paths that a server may read as another one: encoded separators, dot segments, empty segments, backslashes. */
const AMBIGUOUS = /%(?![0-9a-f]{2})|%(2f|5c|2e|00|25)|\\|\/\/|(^|\/)\.{1,2}(\/|$)|;|[\s\0]/i;

/** Decides HTTP requests as one check of the kind that the mapping names. */
export class HttpChecks {
  constructor(
    private readonly decisions: Pick<DecideService, 'decide'>,
    private readonly pdp: PdpGrpc,
    private readonly mapping: Mapping['gateways'],
  ) {}

  /** @param login of the person; undefined for nobody */
  async check(
    request: ForwardedRequest,
    login: string | undefined,
    requestId: string,
    entry: Entry,
  ): Promise<HttpAnswer> {
    const { http } = this.mapping;
    if (http === undefined) return denied(403, 'the mapping has no gateways.http, so HTTP requests are denied');
    const [path = '', ...query] = request.target.split('?');
    if (request.target.length > MAX_TARGET) return denied(400, 'the path is too long');
    if (AMBIGUOUS.test(path)) return denied(400, 'the path can be read in several ways');
    const attributes: JsonObject = {
      method: request.method.toUpperCase(),
      host: request.host.toLowerCase(),
      path,
      ...(query.length === 0 ? {} : { query: query.join('?') }),
      ...(request.scheme === undefined ? {} : { scheme: request.scheme }),
      ...(request.certificate === undefined ? {} : { peer: request.certificate }),
      headers: Object.fromEntries(
        http.headers.flatMap((name) => {
          const value = request.header(name);
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    };
    const action = request.method.toLowerCase();
    const question = create(CheckResourcesRequestSchema, {
      requestId,
      includeMeta: true,
      principal: create(PrincipalSchema, { id: login ?? 'anonymous', roles: [...http.roles] }),
      resources: [
        create(CheckResourcesRequest_ResourceEntrySchema, {
          actions: [action],
          resource: create(ResourceSchema, {
            kind: http.kind,
            id: `${attributes.host}${path}`.slice(0, MAX_ID),
            policyVersion: http.policyVersion,
            scope: http.scope,
            attr: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toValue(value)])),
          }),
        }),
      ],
    });
    const reply = await this.decisions.decide(
      CHECK_RESOURCES,
      question,
      { ...entry, isPerson: login !== undefined },
      answerExchange(CHECK_RESOURCES, this.pdp, question, {
        metadata: new Metadata(),
        deadline: Date.now() + entry.budget.remainingMs(),
        signal: entry.signal,
      }),
    );
    if (!reply.ok) {
      const status = reply.reason === 'caller_not_permitted' ? 403 : 503;
      return denied(status, status === 403 ? reply.message : 'there is no decision now');
    }
    const [result] = reply.answer.results;
    if (result?.actions[action] === Effect.ALLOW) return { allowed: true };
    return denied(403, messageOf(result?.outputs ?? []) ?? 'no policy rule allows this request');
  }
}

const MAX_ID = 1024;
const MAX_MESSAGE = 1000;

function denied(status: 403 | 400 | 503, message: string): HttpAnswer {
  return { allowed: false, status, message };
}

type Output = { readonly val?: Parameters<typeof fromValue>[0] };

/** What the rule states, as tool calls get it. */
function messageOf(outputs: readonly Output[]): string | undefined {
  for (const { val } of outputs) {
    const value = val === undefined ? undefined : fromValue(val);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    if (typeof value.message === 'string' && value.message !== '') return value.message.slice(0, MAX_MESSAGE);
  }
  return undefined;
}
