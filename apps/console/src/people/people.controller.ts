import type { DecisionLog } from '@iris/decision-log';
import { Controller, Inject, Param } from '@nestjs/common';
import { AccessRecorder } from '../access/access-record.js';
import { seesPersonalData, type Viewer } from '../access/viewer.js';
import { principalAttributesOf } from '../decision/attributes.js';
import { refuseCursor } from '../decisions/refuse-cursor.js';
import { toSummary } from '../decisions/to-summary.js';
import { ApiProblem } from '../http/api-problem.js';
import { boundedText } from '../http/bounded-text.js';
import { type AnswerOf, Endpoint, Query, type QueryOf, Who } from '../http/endpoint.decorator.js';
import { DECISION_LOG } from '../tokens.js';
import { ContextNow } from './context-now.js';
import { ToolsOfPerson } from './tools-of-person.js';

/** People and sessions. */
@Controller()
export class PeopleController {
  constructor(
    @Inject(DECISION_LOG) private readonly log: DecisionLog,
    @Inject(ContextNow) private readonly context: ContextNow,
    @Inject(ToolsOfPerson) private readonly tools: ToolsOfPerson,
    @Inject(AccessRecorder) private readonly access: AccessRecorder,
  ) {}

  @Endpoint('readPerson')
  async person(@Who() who: Viewer, @Param('person') person: string): Promise<AnswerOf<'readPerson'>> {
    await this.access.note(who, 'readPerson', { subject: person });
    const showValues = seesPersonalData(who);
    const [view, context] = await Promise.all([this.log.person(person), this.context.read(person, showValues)]);
    const [newest] = view.recent;
    const record = newest === undefined ? undefined : (await this.log.get(newest.id))?.record;
    return {
      person,
      context,
      decisions: view.recent.map(toSummary),
      sessions: view.sessions.map(({ session, decisions, lastSeen }) => ({
        id: boundedText(session),
        decisions,
        last: lastSeen.toISOString(),
      })),
      lastAttributes: record === undefined ? [] : principalAttributesOf(record, { showValues, isRead: () => false }),
    };
  }

  @Endpoint('readPersonTools')
  async personTools(@Who() who: Viewer, @Param('person') person: string): Promise<AnswerOf<'readPersonTools'>> {
    await this.access.note(who, 'readPersonTools', { subject: person });
    return this.tools.read(person);
  }

  @Endpoint('readSession')
  async session(
    @Who() who: Viewer,
    @Param('id') id: string,
    @Query() query: QueryOf<'readSession'>,
  ): Promise<AnswerOf<'readSession'>> {
    const { decisions, next } = await this.log
      .session(id, { cursor: query.cursor, limit: query.limit })
      .catch(refuseCursor);
    if (decisions.length === 0 && query.cursor === undefined) {
      throw new ApiProblem('not_found', 'The log has no session with this id.');
    }
    for (const subject of new Set(decisions.map(({ person }) => person))) {
      await this.access.note(who, 'readSession', { subject });
    }
    const calls = decisions.map((decision) => ({
      ...toSummary(decision),
      withheld: decision.effect === 'DENY' && decision.force === 'enforced',
    }));
    return { id, calls, next };
  }
}
