import type { DecisionLog } from '@iris/decision-log';
import { Controller, Inject, Param } from '@nestjs/common';
import { AccessRecorder } from '../access/access-record.js';
import type { Viewer } from '../access/viewer.js';
import { PolicyReader } from '../decision/policy-reader.js';
import { toFilter } from '../decisions/to-filter.js';
import { windowOf } from '../decisions/window.js';
import { type AnswerOf, Body, type BodyOf, Endpoint, Query, type QueryOf, Who } from '../http/endpoint.decorator.js';
import { DECISION_LOG, RESOURCE_KIND } from '../tokens.js';
import { Differences } from './differences.js';
import { rolloutOf } from './rollout.js';
import { rulesOf } from './rules.js';

const WEEK_MS = 7 * 86_400_000;

/** Rules, their hits, and comparisons of versions. */
@Controller()
export class PoliciesController {
  constructor(
    @Inject(DECISION_LOG) private readonly log: DecisionLog,
    @Inject(PolicyReader) private readonly policies: PolicyReader,
    @Inject(Differences) private readonly differences: Differences,
    @Inject(AccessRecorder) private readonly access: AccessRecorder,
    @Inject(RESOURCE_KIND) private readonly resourceKind: string,
  ) {}

  @Endpoint('listPolicies')
  async list(@Query() query: QueryOf<'listPolicies'>): Promise<AnswerOf<'listPolicies'>> {
    const window = windowOf(query, WEEK_MS);
    const policies = this.policies.current();
    const hits = await this.log.rules(window);
    return { ...texts(window), revision: policies?.revision, ...rulesOf(policies, hits) };
  }

  @Endpoint('readRollout')
  async rollout(@Query() query: QueryOf<'readRollout'>): Promise<AnswerOf<'readRollout'>> {
    const window = windowOf(query, WEEK_MS);
    return { ...texts(window), categories: await rolloutOf(this.log, window) };
  }

  @Endpoint('listCandidates')
  candidates(): AnswerOf<'listCandidates'> {
    return { versions: this.policies.current()?.versionsOf(this.resourceKind) ?? [] };
  }

  @Endpoint('startDifference')
  async start(@Who() who: Viewer, @Body() body: BodyOf<'startDifference'>): Promise<AnswerOf<'startDifference'>> {
    await this.access.note(who, 'startDifference', {});
    const { filter, policyVersion, masked, maxRecords } = body;
    return this.differences.start(who.login, { filter: toFilter(filter), policyVersion, masked, maxRecords });
  }

  @Endpoint('readDifference')
  read(@Who() who: Viewer, @Param('id') id: string): AnswerOf<'readDifference'> {
    return this.differences.read(who.login, id);
  }

  @Endpoint('cancelDifference')
  cancel(@Who() who: Viewer, @Param('id') id: string): AnswerOf<'cancelDifference'> {
    return this.differences.cancel(who.login, id);
  }
}

function texts({ from, to }: { from: Date; to: Date }): { from: string; to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}
