import { type Endpoint as ApiEndpoint, type EndpointId, type Endpoints, endpoints } from '@iris/console-api';
import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Viewer } from '../access/viewer.js';
import { ApiProblem } from './api-problem.js';

/** Key of the metadata with the id of the endpoint that a handler is. */
export const ENDPOINT = 'iris:endpoint';

const METHODS = { GET: RequestMethod.GET, POST: RequestMethod.POST, DELETE: RequestMethod.DELETE } as const;

/** Key of the metadata of controllers whose handlers need no role. */
export const OPEN = 'iris:open';

/** A controller whose handlers are no operations of the API and that everybody may ask: probes, and the way to log in. */
export const OpenToEveryone = () => SetMetadata(OPEN, true);

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set by the guard. */
    viewer?: Viewer;
    endpointId?: EndpointId;
  }
}

/** A handler of an operation of the API: its route and status, its role and its schemas. */
export function Endpoint(id: EndpointId): MethodDecorator {
  const { path, method } = endpoints[id];
  return applyDecorators(
    RequestMapping({ path: path.replace(/\{(\w+)\}/g, ':$1'), method: METHODS[method] }),
    HttpCode(200),
    SetMetadata(ENDPOINT, id),
  );
}

/** The query, checked. */
export const Query = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return checked(endpointOf(request).query, request.query);
});

/** The body, checked. */
export const Body = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return checked(endpointOf(request).body, request.body ?? {});
});

/** Who asks. */
export const Who = createParamDecorator((_: unknown, context: ExecutionContext): Viewer => {
  const { viewer } = context.switchToHttp().getRequest<FastifyRequest>();
  if (viewer === undefined) throw new Error('the guard has set who asks');
  return viewer;
});

type SchemaOf<Id extends EndpointId, Part extends 'query' | 'body'> =
  Endpoints[Id] extends Record<Part, infer S> ? (S extends z.ZodType ? z.output<S> : never) : never;
export type QueryOf<Id extends EndpointId> = SchemaOf<Id, 'query'>;
export type BodyOf<Id extends EndpointId> = SchemaOf<Id, 'body'>;
export type AnswerOf<Id extends EndpointId> = z.output<Endpoints[Id]['response']>;

function endpointOf({ endpointId }: FastifyRequest): ApiEndpoint {
  if (endpointId === undefined) throw new Error('the guard has set the endpoint');
  return endpoints[endpointId];
}

/** @throws ApiProblem naming the first field that has to change */
function checked(schema: z.ZodType | undefined, given: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
  throw new ApiProblem('invalid_request', `${field || 'request'}: ${issue?.message ?? 'invalid'}`.slice(0, 300), field);
}
