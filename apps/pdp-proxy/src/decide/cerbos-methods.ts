import { type DescMessage, type Message, type MessageShape } from '@bufbuild/protobuf';
import type { Value } from '@bufbuild/protobuf/wkt';
import { Effect } from '@cerbos/api/cerbos/effect/v1/effect_pb';
import {
  type OutputEntry,
  PlanResourcesFilter_Kind,
  type Principal,
  type Resource,
} from '@cerbos/api/cerbos/engine/v1/engine_pb';
import {
  CheckResourceBatchRequestSchema,
  CheckResourceSetRequestSchema,
  CheckResourcesRequestSchema,
  PlanResourcesRequestSchema,
} from '@cerbos/api/cerbos/request/v1/request_pb';
import {
  CheckResourceBatchResponseSchema,
  CheckResourceSetResponseSchema,
  CheckResourcesResponseSchema,
  PlanResourcesResponseSchema,
} from '@cerbos/api/cerbos/response/v1/response_pb';
import type { ValidationError } from '@cerbos/api/cerbos/schema/v1/schema_pb';

/** One resource of a question. `attr` is the map of the message itself. */
export interface AskedResource {
  readonly kind: string;
  readonly id: string;
  readonly policyVersion: string;
  readonly scope: string;
  readonly actions: readonly string[];
  readonly attr: Record<string, Value>;
}

/** The verdict on one action. */
export interface AnsweredAction {
  readonly action: string;
  /** `CONDITIONAL` only for a plan. */
  readonly effect: 'ALLOW' | 'DENY' | 'CONDITIONAL';
  /** Only where the caller asked for metadata. */
  readonly matchedPolicy?: string;
  readonly matchedScope?: string;
}

/** The answer about one resource. */
export interface AnsweredResource {
  readonly actions: readonly AnsweredAction[];
  readonly derivedRoles: readonly string[];
  readonly outputs: readonly OutputEntry[];
  readonly validationErrors: readonly ValidationError[];
}

/** A method of the Cerbos service that decides. */
export interface CerbosMethod<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  readonly name: 'CheckResources' | 'PlanResources' | 'CheckResourceSet' | 'CheckResourceBatch';
  /** Path over HTTP, always by POST. */
  readonly url: string;
  readonly input: I;
  readonly output: O;
  requestId(question: MessageShape<I>): string;
  principal(question: MessageShape<I>): Principal | undefined;
  /** The resources in their order. A resource that is missing has the kind ''. */
  resources(question: MessageShape<I>): AskedResource[];
  /** The answer about each resource, in the order of the question; undefined where it has none. */
  answers(answer: MessageShape<O>, asked: readonly AskedResource[]): (AnsweredResource | undefined)[];
  callId(answer: MessageShape<O>): string;
  /** The question about some of the resources; absent for a method whose resources are all of one kind. */
  readonly part?: (question: MessageShape<I>, indexes: readonly number[]) => MessageShape<I>;
  /** One answer of two parts. */
  readonly join?: (
    parts: readonly { readonly answer: MessageShape<O>; readonly indexes: readonly number[] }[],
  ) => MessageShape<O>;
}

const NOTHING: AnsweredResource = { actions: [], derivedRoles: [], outputs: [], validationErrors: [] };

function allowed(effect: Effect): 'ALLOW' | 'DENY' {
  return effect === Effect.ALLOW ? 'ALLOW' : 'DENY';
}

/** A message with some members replaced; fields that the schema does not list stay. */
function withMembers<M extends Message>(message: M, members: Partial<M>): M {
  return { ...message, ...members };
}

function ordered<T>(parts: readonly { readonly items: readonly T[]; readonly indexes: readonly number[] }[]): T[] {
  const all: T[] = [];
  for (const { items, indexes } of parts) {
    for (const [at, index] of indexes.entries()) if (items[at] !== undefined) all[index] = items[at];
  }
  return all;
}

/** An entry of a question that lists resources. */
function askedResource({
  actions,
  resource,
}: {
  readonly actions: string[];
  readonly resource?: Resource;
}): AskedResource {
  return {
    kind: resource?.kind ?? '',
    id: resource?.id ?? '',
    policyVersion: resource?.policyVersion ?? '',
    scope: resource?.scope ?? '',
    actions,
    attr: resource?.attr ?? {},
  };
}

export const CHECK_RESOURCES: CerbosMethod<typeof CheckResourcesRequestSchema, typeof CheckResourcesResponseSchema> = {
  name: 'CheckResources',
  url: '/api/check/resources',
  input: CheckResourcesRequestSchema,
  output: CheckResourcesResponseSchema,
  requestId: ({ requestId }) => requestId,
  principal: ({ principal }) => principal,
  resources: ({ resources }) => resources.map(askedResource),
  answers: ({ results }, asked) =>
    asked.map((_, index) => {
      const entry = results[index];
      if (entry === undefined) return undefined;
      return {
        actions: Object.entries(entry.actions).map(([action, effect]) => ({
          action,
          effect: allowed(effect),
          matchedPolicy: entry.meta?.actions[action]?.matchedPolicy,
          matchedScope: entry.meta?.actions[action]?.matchedScope,
        })),
        derivedRoles: entry.meta?.effectiveDerivedRoles ?? [],
        outputs: entry.outputs,
        validationErrors: entry.validationErrors,
      };
    }),
  callId: ({ cerbosCallId }) => cerbosCallId,
  part: (question, indexes) =>
    withMembers(question, { resources: indexes.flatMap((index) => question.resources[index] ?? []) }),
  join: (parts) =>
    withMembers((parts[0] as (typeof parts)[number]).answer, {
      results: ordered(parts.map(({ answer, indexes }) => ({ items: answer.results, indexes }))),
    }),
};

const CHECK_RESOURCE_BATCH: CerbosMethod<
  typeof CheckResourceBatchRequestSchema,
  typeof CheckResourceBatchResponseSchema
> = {
  name: 'CheckResourceBatch',
  url: '/api/check_resource_batch',
  input: CheckResourceBatchRequestSchema,
  output: CheckResourceBatchResponseSchema,
  requestId: ({ requestId }) => requestId,
  principal: ({ principal }) => principal,
  resources: ({ resources }) => resources.map(askedResource),
  answers: ({ results }, asked) =>
    asked.map((_, index) => {
      const entry = results[index];
      if (entry === undefined) return undefined;
      return { ...NOTHING, actions: effectsOf(entry.actions), validationErrors: entry.validationErrors };
    }),
  callId: () => '',
  part: (question, indexes) =>
    withMembers(question, { resources: indexes.flatMap((index) => question.resources[index] ?? []) }),
  join: (parts) =>
    withMembers((parts[0] as (typeof parts)[number]).answer, {
      results: ordered(parts.map(({ answer, indexes }) => ({ items: answer.results, indexes }))),
    }),
};

const CHECK_RESOURCE_SET: CerbosMethod<typeof CheckResourceSetRequestSchema, typeof CheckResourceSetResponseSchema> = {
  name: 'CheckResourceSet',
  url: '/api/check',
  input: CheckResourceSetRequestSchema,
  output: CheckResourceSetResponseSchema,
  requestId: ({ requestId }) => requestId,
  principal: ({ principal }) => principal,
  resources: ({ resource, actions }) =>
    Object.entries(resource?.instances ?? {}).map(([id, { attr }]) => ({
      kind: resource?.kind ?? '',
      id,
      policyVersion: resource?.policyVersion ?? '',
      scope: resource?.scope ?? '',
      actions,
      attr,
    })),
  answers: ({ resourceInstances, meta }, asked) =>
    asked.map(({ id }) => {
      const entry = resourceInstances[id];
      if (entry === undefined) return undefined;
      const about = meta?.resourceInstances[id];
      return {
        ...NOTHING,
        actions: effectsOf(entry.actions).map((each) => ({
          ...each,
          matchedPolicy: about?.actions[each.action]?.matchedPolicy,
          matchedScope: about?.actions[each.action]?.matchedScope,
        })),
        derivedRoles: about?.effectiveDerivedRoles ?? [],
        validationErrors: entry.validationErrors,
      };
    }),
  callId: () => '',
};

const PLAN_RESOURCES: CerbosMethod<typeof PlanResourcesRequestSchema, typeof PlanResourcesResponseSchema> = {
  name: 'PlanResources',
  url: '/api/plan/resources',
  input: PlanResourcesRequestSchema,
  output: PlanResourcesResponseSchema,
  requestId: ({ requestId }) => requestId,
  principal: ({ principal }) => principal,
  resources: ({ resource, actions, action }) => [
    {
      kind: resource?.kind ?? '',
      id: '',
      policyVersion: resource?.policyVersion ?? '',
      scope: resource?.scope ?? '',
      actions: actions.length > 0 ? actions : [action],
      attr: resource?.attr ?? {},
    },
  ],
  answers: ({ filter, meta, validationErrors }, asked) =>
    asked.map(({ actions }) => ({
      ...NOTHING,
      actions: actions.map((action) => ({
        action,
        effect: PLAN_EFFECTS[filter?.kind ?? PlanResourcesFilter_Kind.UNSPECIFIED],
        matchedScope: meta?.matchedScopes[action] ?? meta?.matchedScope,
      })),
      validationErrors,
    })),
  callId: ({ cerbosCallId }) => cerbosCallId,
};

const PLAN_EFFECTS: Readonly<Record<PlanResourcesFilter_Kind, AnsweredAction['effect']>> = {
  [PlanResourcesFilter_Kind.UNSPECIFIED]: 'DENY',
  [PlanResourcesFilter_Kind.ALWAYS_ALLOWED]: 'ALLOW',
  [PlanResourcesFilter_Kind.ALWAYS_DENIED]: 'DENY',
  [PlanResourcesFilter_Kind.CONDITIONAL]: 'CONDITIONAL',
};

function effectsOf(actions: Readonly<Record<string, Effect>>): AnsweredAction[] {
  return Object.entries(actions).map(([action, effect]) => ({ action, effect: allowed(effect) }));
}

export const CERBOS_METHODS = [
  CHECK_RESOURCES,
  PLAN_RESOURCES,
  CHECK_RESOURCE_SET,
  CHECK_RESOURCE_BATCH,
] as readonly CerbosMethod[];

export const CERBOS_SERVICE = 'cerbos.svc.v1.CerbosService';
