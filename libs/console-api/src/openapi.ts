import { z } from 'zod';
import { CSRF_HEADER, type Endpoint, endpoints } from './endpoints.js';
import { problemSchema } from './shared.schemas.js';

/** The OpenAPI 3.1 document of the API. Source: https://spec.openapis.org/oas/v3.1.1 */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [id, endpoint] of Object.entries(endpoints) as [string, Endpoint][]) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation(id, endpoint) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Iris console', version, description: 'Decisions, the facts they were based on, and what-if.' },
    paths,
    components: { schemas: { Problem: schemaOf(problemSchema, 'output') } },
  };
}

function operation(id: string, { summary, role, path, query, body, response, stream, method }: Endpoint): object {
  const media = stream === true ? 'text/event-stream' : 'application/json';
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter(name ?? '', 'path', { type: 'string' }, true)),
    ...queryParameters(query),
    ...(method === 'GET' ? [] : [parameter(CSRF_HEADER, 'header', { type: 'string' }, true)]),
  ];
  const problem = { $ref: '#/components/schemas/Problem' };
  return {
    operationId: id,
    summary,
    'x-iris-role': role,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: {
      200: { description: 'The answer.', content: { [media]: { schema: schemaOf(response, 'output') } } },
      default: { description: 'A problem.', content: { 'application/problem+json': { schema: problem } } },
    },
  };
}

function queryParameters(query: z.ZodObject | undefined): object[] {
  if (query === undefined) return [];
  const { properties = {} } = schemaOf(query, 'output');
  return Object.entries(properties).map(([name, schema]) => parameter(name, 'query', schema, false));
}

function parameter(name: string, place: string, schema: object, required: boolean): object {
  return { name, in: place, required, schema };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): { properties?: Record<string, object> } {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest as { properties?: Record<string, object> };
}
