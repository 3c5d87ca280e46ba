import { create } from '@bufbuild/protobuf';
import type { Value } from '@bufbuild/protobuf/wkt';
import { PrincipalSchema, ResourceSchema } from '@cerbos/api/cerbos/engine/v1/engine_pb';
import {
  type CheckResourcesRequest,
  CheckResourcesRequest_ResourceEntrySchema,
  CheckResourcesRequestSchema,
} from '@cerbos/api/cerbos/request/v1/request_pb';
import type { JsonObject } from '@iris/contracts';
import { type Mapping, type SubjectMapping, type TypeMapping, toValue } from '../enrich/index.js';
import type { AuthZenEntity, Evaluation } from './authzen-request.js';

/** How the types of an evaluation are mapped. */
export interface MappedTypes {
  readonly subject: SubjectMapping;
  readonly type: TypeMapping & { readonly kind: string };
}

/** undefined for a type that the mapping file does not list. */
export function mappedTypes(
  { authzen }: Mapping,
  { subject, resource }: Pick<Evaluation, 'subject' | 'resource'>,
): MappedTypes | undefined {
  const asked = Object.hasOwn(authzen.subjects, subject.type) ? authzen.subjects[subject.type] : undefined;
  const type = Object.hasOwn(authzen.types, resource.type) ? authzen.types[resource.type] : undefined;
  return asked && type && { subject: asked, type: { ...type, kind: type.kind ?? resource.type } };
}

/** One question for evaluations of one subject; each has an entry of its own. */
export function questionOf(
  { subject: mappedSubject }: MappedTypes,
  subject: AuthZenEntity,
  entries: readonly {
    readonly type: MappedTypes['type'];
    readonly evaluation: Evaluation;
    readonly actions: readonly string[];
  }[],
  requestId: string,
): CheckResourcesRequest {
  const known = mappedSubject.members.find(({ id }) => id === subject.id)?.properties;
  return create(CheckResourcesRequestSchema, {
    requestId,
    includeMeta: true,
    principal: create(PrincipalSchema, {
      id: subject.id,
      roles: [...mappedSubject.roles],
      attr: values({ ...subject.properties, ...known }),
    }),
    resources: entries.map(({ type, evaluation, actions }) =>
      create(CheckResourcesRequest_ResourceEntrySchema, {
        actions: [...actions],
        resource: create(ResourceSchema, {
          kind: type.kind,
          id: evaluation.resource.id,
          policyVersion: type.policyVersion,
          scope: type.scope,
          attr: values(resourceAttributes(evaluation, type)),
        }),
      }),
    ),
  });
}

/** What the mapping file states of a resource wins over what the caller states, as every fact does. */
function resourceAttributes({ resource, action, context }: Evaluation, { resources }: TypeMapping): JsonObject {
  const known = resources.find(({ id }) => id === resource.id)?.properties;
  const { action: _action, context: _context, ...properties } = { ...resource.properties, ...known };
  return {
    ...properties,
    ...(Object.keys(action.properties).length === 0 ? {} : { action: action.properties }),
    ...(Object.keys(context).length === 0 ? {} : { context }),
  };
}

function values(attributes: JsonObject): Record<string, Value> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toValue(value)]));
}
