import { randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Agent, request as httpRequest } from 'undici';
import { decodedBody } from '../llm/content-coding.js';
import { type LlmRoute, llmRoute } from '../llm/llm-route.js';
import { ProviderError } from '../llm/provider-error.js';
import type { ApertureExchange, ApertureOptions, SimulatedAperture } from './aperture-api.js';
import { type ApertureConfig, type ApertureProvider, apertureConfigSchema } from './aperture-config.js';
import { blockEnvelope } from './block-envelope.js';
import { tokenUsage, toolUses, userMessage } from './exchange-reading.js';
import { globMatches } from './glob.js';
import { customCapabilities, hooksFor, mayUse, type WiredHook } from './grants.js';
import { type HookRecord, runPreRequest, sendPostEvents } from './hook-chain.js';
import { HookClient } from './hook-client.js';
import type { CostEstimate, HookFacts } from './hook-payload.js';
import { type ApertureIdentity, loginNameOf } from './identity.js';
import { asObject, asText, type JsonObject } from './json-members.js';
import { assembleResponse } from './response-assembly.js';
import { HOP_BY_HOP, upstreamHeaders } from './upstream-headers.js';

/** A request that Aperture has understood. */
interface Incoming {
  request: FastifyRequest;
  reply: FastifyReply;
  route: LlmRoute;
  raw: Buffer;
  streaming: boolean;
  provider: ApertureProvider;
  hooks: WiredHook[];
  facts: HookFacts;
  exchange: ApertureExchange;
}

/**
 * Aperture's part towards hooks, over real HTTP: knows the connection's identity, runs the pre_request hooks, proxies to
 * the provider, streams the reply through and sends the post-response events. Source: Tailscale's protocol reference for
 * Aperture hooks and its configuration reference. Throws ZodError when the configuration is not valid.
 */
export async function startAperture(options: ApertureOptions): Promise<SimulatedAperture> {
  const { llmUrl, prices = {}, quotas = {}, urlForm = 'path' } = options;
  let config: ApertureConfig = apertureConfigSchema.parse(options.config);
  const hooks: HookRecord[] = [];
  const exchanges: ApertureExchange[] = [];
  const pending = new Set<Promise<void>>();
  const servers: FastifyInstance[] = [];
  const client = new HookClient(options.hookCodings ?? {}, options.learnsCodings ?? true);
  const upstream = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  function costOf(basis: string, usage: CostEstimate['usage']): CostEstimate {
    const price = prices[basis] ?? { input: 0, output: 0 };
    const dollars = price.input * (usage.input_tokens ?? 0) + price.output * (usage.output_tokens ?? 0);
    return { dollars, cost_basis: basis, usage };
  }

  function sendError(reply: FastifyReply, route: LlmRoute, status: number, message: string) {
    const { headers, body } = blockEnvelope(route, status, message);
    return reply.code(status).headers(headers).send(body);
  }

  function absoluteUrl(request: FastifyRequest): string {
    return urlForm === 'path' ? request.url : `http://${request.headers.host}${request.url}`;
  }

  async function forward(incoming: Incoming, modifiedBodyText: string | undefined) {
    const { request, reply, raw, provider, exchange } = incoming;
    const isModified = modifiedBodyText !== undefined;
    const body = isModified ? Buffer.from(modifiedBodyText, 'utf8') : raw;
    exchange.forwardedBody = isModified ? body : exchange.clientBody;
    const response = await httpRequest(`${(provider.baseurl ?? llmUrl).replace(/\/$/, '')}${request.url}`, {
      method: 'POST',
      headers: upstreamHeaders(request.headers, provider, isModified),
      body,
      dispatcher: upstream,
    });
    exchange.status = response.statusCode;
    const headers = Object.entries(response.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
    reply.hijack();
    reply.raw.writeHead(response.statusCode, Object.fromEntries(headers));
    const received: Buffer[] = [];
    for await (const chunk of response.body) {
      received.push(chunk);
      reply.raw.write(chunk);
    }
    // The events leave before the client can have seen the end, so that whoever awaits `settled` then misses none.
    if (response.statusCode < 300) sendAfterwards(incoming, Buffer.concat(received), modifiedBodyText);
    reply.raw.end();
    return reply;
  }

  function sendAfterwards(
    { route, streaming, facts, hooks: wired }: Incoming,
    received: Buffer,
    modifiedBodyText?: string,
  ): void {
    const { rawResponses, body } = assembleResponse(route, streaming, received);
    const usage = tokenUsage(route.format, body);
    const after: HookFacts = {
      ...facts,
      requestBodyText: modifiedBodyText ?? facts.requestBodyText,
      estimatedCost: costOf(facts.estimatedCost.cost_basis, usage),
      response: { toolCalls: toolUses(route.format, body), body, rawResponses },
    };
    const sending: Promise<void> = sendPostEvents(wired, after, client, hooks).finally(() => pending.delete(sending));
    pending.add(sending);
  }

  async function handle(request: FastifyRequest, reply: FastifyReply, identity: ApertureIdentity, sessionId: string) {
    const route = llmRoute(request.url);
    if (!route) return reply.code(404).send({ error: { message: 'not found' } });
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    let clientBody: Buffer;
    let body: JsonObject;
    try {
      clientBody = decodedBody(raw, asText(request.headers['content-encoding']), 64 * 1024 * 1024);
      body = asObject(JSON.parse(clientBody.toString('utf8')));
    } catch (error) {
      return sendError(
        reply,
        route,
        error instanceof ProviderError ? error.status : 400,
        'the request body is not valid JSON',
      );
    }
    const model = route.model ?? asText(body.model);
    const found = Object.entries(config.providers).find(([, { models }]) =>
      models.some((glob) => globMatches(glob, model)),
    );
    const [providerKey, provider] = found ?? [];
    const exchange: ApertureExchange = {
      requestId: `req_${randomBytes(8).toString('hex')}`,
      sessionId,
      loginName: loginNameOf(identity),
      provider: providerKey ?? '',
      model,
      url: request.url,
      clientBody,
      status: 200,
    };
    exchanges.push(exchange);
    const refuse = (status: number, message: string) => {
      exchange.status = status;
      return sendError(reply, route, status, message);
    };
    if (providerKey === undefined || !provider) return refuse(404, `no provider offers the model ${model}`);
    const target = { identity, provider: providerKey, model };
    if (!mayUse(config, target)) return refuse(403, 'access denied: no role granted');

    const native = route.host === 'code_assist' ? asObject(body.request) : body;
    const facts: HookFacts = {
      metadata: {
        login_name: exchange.loginName,
        user_agent: asText(request.headers['user-agent']),
        url: absoluteUrl(request),
        model,
        provider: providerKey,
        tailnet_name: identity.tailnetName,
        stable_node_id: identity.stableNodeId,
        request_id: exchange.requestId,
        session_id: sessionId,
      },
      grants: customCapabilities(config, identity),
      estimatedCost: costOf(`${providerKey}/${model}`, { input_tokens: Math.ceil(clientBody.length / 4) }),
      quotas,
      userMessage: userMessage(route.format, native),
      requestBodyText: clientBody.toString('utf8'),
    };
    const streaming = route.streaming ?? body.stream === true;
    const incoming: Incoming = {
      request,
      reply,
      route,
      raw,
      streaming,
      provider,
      hooks: hooksFor(config, target),
      facts,
      exchange,
    };
    const result = await runPreRequest(incoming.hooks, facts, client, hooks);
    if (result.kind === 'refuse') {
      exchange.refusedBy = result.hook;
      return refuse(result.status, result.message);
    }
    return forward(incoming, result.modifiedBodyText);
  }

  async function connect(identity: ApertureIdentity, port = 0): Promise<string> {
    const sessionId = identity.sessionId ?? `oacc_${randomBytes(8).toString('hex')}`;
    const app = fastify({ bodyLimit: 64 * 1024 * 1024, forceCloseConnections: true });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('*', (request, reply) => handle(request, reply, identity, sessionId));
    servers.push(app);
    return app.listen({ host: '127.0.0.1', port });
  }

  return {
    url: await connect(options.identity, options.port),
    connect: (identity) => connect(identity),
    hooks,
    exchanges,
    settled: async () => {
      while (pending.size > 0) await Promise.all(pending);
    },
    reconfigure: (next) => {
      config = apertureConfigSchema.parse(next);
    },
    clear: () => {
      hooks.length = 0;
      exchanges.length = 0;
    },
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      await Promise.all(pending);
      await Promise.all([client.close(), upstream.destroy()]);
    },
  };
}
