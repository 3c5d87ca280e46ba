import { Effect } from '@cerbos/api/cerbos/effect/v1/effect_pb';
import type { CheckResourcesRequest } from '@cerbos/api/cerbos/request/v1/request_pb';
import type { CheckResourcesResponse } from '@cerbos/api/cerbos/response/v1/response_pb';
import { Metadata } from '@grpc/grpc-js';
import type { JsonObject } from '@iris/contracts';
import { answerExchange } from '../cerbos/answer-exchange.js';
import { httpStatus } from '../cerbos/http-routes.js';
import { CHECK_RESOURCES, type DecideService, type Entry } from '../decide/index.js';
import type { Mapping } from '../enrich/index.js';
import type { PdpGrpc } from '../upstream/pdp-grpc.js';
import { mappedTypes, questionOf } from './authzen-question.js';
import type { Evaluation, Semantic } from './authzen-request.js';

/** What an evaluation is answered with. */
export interface Decision {
  readonly decision: boolean;
  readonly context?: JsonObject;
}

/** A caller asks about a kind that it may not ask about. */
export class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
}

/** The PDP gave no decision. */
export class NoDecision extends Error {
  override readonly name = 'NoDecision';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Default of Cerbos' `server.requestLimits.maxResourcesPerRequest` and `maxActionsPerResource`. */
export const MAX_PER_QUESTION = 50;

/** Evaluations on the Cerbos API, each with an entry of its own. */
export class Evaluations {
  constructor(
    private readonly decisions: DecideService,
    private readonly pdp: PdpGrpc,
    private readonly mapping: Mapping,
  ) {}

  /** @throws NotPermitted, NoDecision */
  async one(evaluation: Evaluation, requestId: string, entry: Entry): Promise<Decision> {
    const [decision] = await this.ofSubject([evaluation], requestId, entry);
    return decision ?? { decision: false };
  }

  /**
   * A batch, in its order. An item that failed to be read is given as an error. A batch that may end early is decided
   * item by item, so that nothing is decided, nor recorded, after its end.
   *
   * @throws NotPermitted
   */
  async batch(
    items: readonly (Evaluation | Error)[],
    semantic: Semantic,
    requestId: string,
    entry: Entry,
  ): Promise<Decision[]> {
    if (semantic === 'execute_all') return this.all(items, requestId, entry);
    const decisions: Decision[] = [];
    for (const item of items) {
      const [decision] = await this.all([item], requestId, entry);
      if (decision === undefined) break;
      decisions.push(decision);
      if (decision.decision === (semantic === 'permit_on_first_permit')) break;
    }
    return decisions;
  }

  private async all(items: readonly (Evaluation | Error)[], requestId: string, entry: Entry): Promise<Decision[]> {
    const decisions: Decision[] = [];
    const groups = groupsOf(items);
    for (const [index, item] of items.entries()) {
      if (item instanceof Error) decisions[index] = failed(400, item.message);
    }
    await Promise.all(
      groups.map(async (indexes) => {
        const evaluations = indexes.map((index) => items[index] as Evaluation);
        const answers = await this.ofSubject(evaluations, requestId, entry).catch((error: unknown) => {
          if (!(error instanceof NoDecision)) throw error;
          return evaluations.map(() => failed(error.status, error.message));
        });
        for (const [at, index] of indexes.entries()) decisions[index] = answers[at] ?? failed(500, 'no decision');
      }),
    );
    return decisions;
  }

  /** Evaluations of one subject, of which no two are on the same resource. */
  private async ofSubject(evaluations: readonly Evaluation[], requestId: string, entry: Entry): Promise<Decision[]> {
    const [first] = evaluations;
    const mapped = evaluations.map((evaluation) => mappedTypes(this.mapping, evaluation));
    const known = evaluations.flatMap((evaluation, index) => {
      const types = mapped[index];
      return types === undefined ? [] : [{ evaluation, types, index }];
    });
    const decisions: Decision[] = evaluations.map(() => ({ decision: false, context: { reason: 'unknown_type' } }));
    const [one] = known;
    if (first === undefined || one === undefined) return decisions;
    const question = questionOf(
      one.types,
      first.subject,
      known.map(({ evaluation, types }) => ({ type: types.type, evaluation, actions: [evaluation.action.name] })),
      requestId,
    );
    const answer = await this.ask(question, { ...entry, isPerson: one.types.subject.people });
    for (const [at, { index, evaluation }] of known.entries()) {
      const allowed = answer.results[at]?.actions[evaluation.action.name] === Effect.ALLOW;
      decisions[index] = allowed ? { decision: true } : { decision: false, context: { reason: 'policy_denied' } };
    }
    return decisions;
  }

  /** @returns whether the results may leave */
  recordSearch(subject: string, requestId: string, entry: Entry): Promise<boolean> {
    return this.decisions.recordSearch(subject, requestId, entry);
  }

  /** @throws NotPermitted, NoDecision */
  async ask(question: CheckResourcesRequest, entry: Entry): Promise<CheckResourcesResponse> {
    const { budget, signal } = entry;
    const reply = await this.decisions.decide(
      CHECK_RESOURCES,
      question,
      entry,
      answerExchange(CHECK_RESOURCES, this.pdp, question, {
        metadata: new Metadata(),
        deadline: Date.now() + budget.remainingMs(),
        signal,
      }),
    );
    if (reply.ok) return reply.answer;
    if (reply.reason === 'caller_not_permitted') throw new NotPermitted(reply.message);
    const status = httpStatus(reply.code);
    throw new NoDecision(status === 400 ? 400 : 500, reply.message);
  }
}

/**
 * Positions of the items that one question may hold: of the same subject, and no resource twice, so that no item can be
 * answered from the properties of another one.
 */
function groupsOf(items: readonly (Evaluation | Error)[]): number[][] {
  const open = new Map<string, { readonly indexes: number[]; readonly resources: Set<string> }[]>();
  for (const [index, item] of items.entries()) {
    if (item instanceof Error) continue;
    const subject = JSON.stringify(item.subject);
    const resource = JSON.stringify([item.resource.type, item.resource.id]);
    const groups = open.get(subject) ?? [];
    open.set(subject, groups);
    let group = groups.find(({ indexes, resources }) => indexes.length < MAX_PER_QUESTION && !resources.has(resource));
    if (group === undefined) {
      group = { indexes: [], resources: new Set() };
      groups.push(group);
    }
    group.indexes.push(index);
    group.resources.add(resource);
  }
  return [...open.values()].flat().map(({ indexes }) => indexes);
}

function failed(status: number, message: string): Decision {
  return { decision: false, context: { error: { status, message } } };
}
