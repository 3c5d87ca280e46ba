import type { JsonObject } from '@iris/contracts';
import { Controller, Get, Inject, NotFoundException, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import type { Entry } from '../decide/index.js';
import { type Arrival, arrivalOf } from '../http/arrival.js';
import { AUTHZEN_METADATA } from './authzen-metadata.js';
import {
  type Evaluation,
  InvalidRequest,
  type Page,
  readBody,
  readEvaluation,
  readItems,
  readPage,
  readSemantic,
} from './authzen-request.js';
import { Evaluations, NoDecision, NotPermitted } from './evaluations.js';
import { Search, type SearchResult } from './search.js';

/** How many evaluations one request may hold. */
const MAX_EVALUATIONS = 1000;
/** Largest page of a search. */
const MAX_PAGE = 1000;

/** AuthZEN Authorization API 1.0. Source: https://openid.net/specs/authorization-api-1_0.html */
@Controller()
export class AuthZenController {
  constructor(
    @Inject(Evaluations) private readonly evaluations: Evaluations,
    @Inject(Search) private readonly search: Search,
    @Inject(AUTHZEN_METADATA) private readonly metadata: JsonObject | undefined,
  ) {}

  @Get('.well-known/authzen-configuration')
  discovery(): JsonObject {
    if (this.metadata === undefined) throw new NotFoundException();
    return this.metadata;
  }

  @Post('access/v1/evaluation')
  evaluation(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (body, id, entry) => this.evaluations.one(readEvaluation(body), id, entry));
  }

  @Post('access/v1/evaluations')
  batch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, async (body, id, entry) => {
      const semantic = readSemantic(body);
      const items = readItems(body, MAX_EVALUATIONS);
      if (items === undefined) return this.evaluations.one(readEvaluation(body), id, entry);
      return { evaluations: await this.evaluations.batch(items.map(readItem), semantic, id, entry) };
    });
  }

  @Post('access/v1/search/subject')
  subjects(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answerSearch(request, reply, 'subject', (...asked) => this.search.subjects(...asked));
  }

  @Post('access/v1/search/resource')
  resources(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answerSearch(request, reply, 'resource', (...asked) => this.search.resources(...asked));
  }

  @Post('access/v1/search/action')
  actions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answerSearch(request, reply, 'action', (...asked) => this.search.actions(...asked));
  }

  /** A search returns who may do what, so it needs a right of its own. */
  private answerSearch(
    request: FastifyRequest,
    reply: FastifyReply,
    open: 'subject' | 'resource' | 'action',
    search: (asked: Evaluation, page: Page, requestId: string, entry: Entry) => Promise<SearchResult>,
  ): Promise<void> {
    return this.answer(request, reply, async (body, id, entry) => {
      if (!entry.caller.search) throw new NotPermitted(`the caller ${entry.caller.name} is not permitted to search`);
      const asked = readEvaluation(body, open);
      const result = await search(asked, readPage(body, MAX_PAGE), id, { ...entry, isSearch: true });
      const subject = open === 'subject' ? EVERYBODY : asked.subject.id;
      if (await this.evaluations.recordSearch(subject, id, entry)) return result;
      throw new NoDecision(500, 'the search could not be recorded');
    });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply, answer: Answerer): Promise<void> {
    const arrival = arrivalOf(request);
    const id = requestId(request);
    reply.header('x-request-id', id);
    try {
      const body = readBody(arrival.contentType, arrival.body);
      const result = await answer(body, id, entryOf(arrival));
      reply
        .code(200)
        .header('content-type', 'application/json')
        .send(Buffer.from(JSON.stringify(result)));
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      reply
        .code(status)
        .header('content-type', 'text/plain; charset=utf-8')
        .send((error as Error).message);
    }
  }
}

/** Subject of the record of a search for subjects. */
const EVERYBODY = '*';

type Answerer = (body: JsonObject, requestId: string, entry: Entry) => Promise<object>;

function readItem(item: JsonObject) {
  try {
    return readEvaluation(item);
  } catch (error) {
    if (error instanceof InvalidRequest) return error;
    throw error;
  }
}

function entryOf({ caller, budget, signal }: Arrival): Entry {
  return { caller, budget, signal, protocol: 'authzen' };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof InvalidRequest) return 400;
  if (error instanceof NotPermitted) return 403;
  return error instanceof NoDecision ? error.status : undefined;
}

/** The caller's id of the request where it is a plain text; a new one else. */
function requestId({ headers }: FastifyRequest): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : uuidv7();
}
