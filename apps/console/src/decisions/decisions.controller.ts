import type { DecisionLog } from '@iris/decision-log';
import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessRecorder } from '../access/access-record.js';
import type { Viewer } from '../access/viewer.js';
import { ApiProblem } from '../http/api-problem.js';
import { boundedText } from '../http/bounded-text.js';
import { type AnswerOf, Endpoint, Query, type QueryOf, Who } from '../http/endpoint.decorator.js';
import { DECISION_LOG } from '../tokens.js';
import { bucketFor, fillBuckets, hasTooMany } from './counts.js';
import { DecisionStreams } from './decision-stream.js';
import { refuseCursor } from './refuse-cursor.js';
import { toFilter } from './to-filter.js';
import { toSummary } from './to-summary.js';
import { windowOf } from './window.js';

const HOUR_MS = 3_600_000;
const FACETS = ['tool', 'server', 'category', 'reason', 'rule', 'source', 'event', 'entryPoint'] as const;

/** Lists, counts and the live stream. */
@Controller()
export class DecisionsController {
  constructor(
    @Inject(DECISION_LOG) private readonly log: DecisionLog,
    @Inject(DecisionStreams) private readonly streams: DecisionStreams,
    @Inject(AccessRecorder) private readonly access: AccessRecorder,
  ) {}

  @Endpoint('listDecisions')
  async list(@Who() who: Viewer, @Query() query: QueryOf<'listDecisions'>): Promise<AnswerOf<'listDecisions'>> {
    await this.noteSubjects(who, 'listDecisions', query.person);
    const { decisions, next } = await this.log
      .list(toFilter(query), { cursor: query.cursor, limit: query.limit })
      .catch(refuseCursor);
    return { decisions: decisions.map(toSummary), next };
  }

  @Endpoint('countDecisions')
  async counts(@Query() query: QueryOf<'countDecisions'>): Promise<AnswerOf<'countDecisions'>> {
    const filter = toFilter(query);
    const { from, to } = windowOf(query, HOUR_MS);
    const bucket = query.bucket ?? bucketFor(from, to);
    if (hasTooMany(from, to, bucket)) {
      throw new ApiProblem('invalid_request', `bucket: ${bucket} is too short for this window.`, 'bucket');
    }
    return fillBuckets(await this.log.counts({ ...filter, from, to }, bucket), from, to, bucket);
  }

  @Endpoint('listFacets')
  async facets(@Query() query: QueryOf<'listFacets'>): Promise<AnswerOf<'listFacets'>> {
    const window = windowOf(query, 24 * HOUR_MS);
    const entries: [string, { value: string; count: number }[]][] = [];
    // One after the other: the page asks once, and its other questions must not wait behind eight.
    for (const field of FACETS) {
      const values = await this.log.values(field, window);
      entries.push([field, values.map(({ value, count }) => ({ value: boundedText(value), count }))]);
    }
    return Object.fromEntries(entries) as AnswerOf<'listFacets'>;
  }

  @Endpoint('streamDecisions')
  async stream(
    @Who() who: Viewer,
    @Query() query: QueryOf<'streamDecisions'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.noteSubjects(who, 'streamDecisions', query.person);
    const lastEventId = request.headers['last-event-id'];
    const stream = this.streams.admit(who.login);
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const after = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined;
    await this.streams.run(stream, reply.raw, toFilter(query), after);
  }

  private async noteSubjects(
    who: Viewer,
    action: 'listDecisions' | 'streamDecisions',
    people: readonly string[] | undefined,
  ): Promise<void> {
    for (const subject of people ?? []) await this.access.note(who, action, { subject });
  }
}
