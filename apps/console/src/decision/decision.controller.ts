import { isJsonObject, type JsonObject } from '@iris/contracts';
import type { Decision, DecisionLog } from '@iris/decision-log';
import { Controller, Inject, Param } from '@nestjs/common';
import { AccessRecorder } from '../access/access-record.js';
import { seesPersonalData, type Viewer } from '../access/viewer.js';
import { ApiProblem } from '../http/api-problem.js';
import { type AnswerOf, Body, type BodyOf, Endpoint, Who } from '../http/endpoint.decorator.js';
import { DECISION_LOG, TRACE_URL_TEMPLATE } from '../tokens.js';
import { AskAgain } from './ask-again.js';
import { boundedJson } from './bounded-json.js';
import { detailOf } from './detail.js';
import { PolicyReader } from './policy-reader.js';
import { findSmallestChange } from './smallest-change.js';

const RECORD_BOUNDS = { text: 65_536, values: 20_000, depth: 40 };

/** One decision, and questions about it. */
@Controller()
export class DecisionController {
  constructor(
    @Inject(DECISION_LOG) private readonly log: DecisionLog,
    @Inject(PolicyReader) private readonly policies: PolicyReader,
    @Inject(AskAgain) private readonly askAgain: AskAgain,
    @Inject(AccessRecorder) private readonly access: AccessRecorder,
    @Inject(TRACE_URL_TEMPLATE) private readonly traceUrlTemplate: string | undefined,
  ) {}

  @Endpoint('readDecision')
  async read(@Who() who: Viewer, @Param('id') id: string): Promise<AnswerOf<'readDecision'>> {
    return detailOf(await this.decision(who, 'readDecision', id), {
      policies: this.policies.current(),
      showPersonal: seesPersonalData(who),
      traceUrlTemplate: this.traceUrlTemplate,
    });
  }

  @Endpoint('readRecord')
  async record(@Who() who: Viewer, @Param('id') id: string): Promise<AnswerOf<'readRecord'>> {
    const { record } = await this.decision(who, 'readRecord', id);
    const { value, cut } = boundedJson(record as unknown as JsonObject, RECORD_BOUNDS);
    return { record: isJsonObject(value) ? value : {}, cut } as AnswerOf<'readRecord'>;
  }

  @Endpoint('findSmallestChange')
  async smallestChange(@Who() who: Viewer, @Param('id') id: string): Promise<AnswerOf<'findSmallestChange'>> {
    const { record } = await this.decision(who, 'findSmallestChange', id);
    return findSmallestChange(record, this.policies.current(), this.askAgain);
  }

  @Endpoint('askWhatIf')
  async whatIf(
    @Who() who: Viewer,
    @Param('id') id: string,
    @Body() body: BodyOf<'askWhatIf'>,
  ): Promise<AnswerOf<'askWhatIf'>> {
    const { record } = await this.decision(who, 'askWhatIf', id);
    return this.askAgain.whatIf(record, {
      changes: body.changes as Parameters<AskAgain['whatIf']>[1]['changes'],
      time: body.time === undefined ? undefined : new Date(body.time),
      policyVersion: body.policyVersion,
    });
  }

  /** @throws ApiProblem when the log has no such record */
  private async decision(
    who: Viewer,
    action: 'readDecision' | 'readRecord' | 'findSmallestChange' | 'askWhatIf',
    id: string,
  ): Promise<Decision> {
    const decision = await this.log.get(id);
    if (decision === undefined) throw new ApiProblem('not_found', 'The log has no record with this id.');
    await this.access.note(who, action, { subject: decision.person, record: id });
    return decision;
  }
}
