import { z } from 'zod';
import {
  countsQuerySchema,
  countsSchema,
  decisionDetailSchema,
  decisionListSchema,
  facetsSchema,
  listQuerySchema,
  rawRecordSchema,
  smallestChangeSchema,
  whatIfBodySchema,
  whatIfSchema,
} from './decisions.schemas.js';
import { accessLogSchema, accessQuerySchema, healthSchema, meSchema } from './health.schemas.js';
import { personSchema, personToolsSchema, sessionQuerySchema, sessionSchema } from './people.schemas.js';
import {
  candidatesSchema,
  differenceBodySchema,
  differenceSchema,
  policiesQuerySchema,
  policiesSchema,
  rolloutSchema,
} from './policies.schemas.js';
import { filterSchema, type Role } from './shared.schemas.js';

/** One operation of the API: what the server checks, what the OpenAPI document lists and what a client calls. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path with `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  /** The least role. */
  readonly role: Role;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly response: z.ZodType;
  /** Server-sent events, each with the schema of the response. */
  readonly stream?: true;
}

/** Every operation of the API, by its id. */
export const endpoints = {
  me: {
    method: 'GET',
    path: '/api/me',
    summary: 'Who is asking, with which role.',
    role: 'viewer',
    response: meSchema,
  },
  listDecisions: {
    method: 'GET',
    path: '/api/decisions',
    summary: 'Decisions, the newest first.',
    role: 'viewer',
    query: listQuerySchema,
    response: decisionListSchema,
  },
  streamDecisions: {
    method: 'GET',
    path: '/api/decisions/stream',
    summary:
      'New decisions as server-sent events of the type decisions, each a list. Its id is a cursor: with Last-Event-ID the stream resumes after it, without one only new decisions are sent. Events of the type state have {"log":"ok"} or {"log":"unavailable"}.',
    role: 'viewer',
    query: filterSchema,
    response: decisionListSchema.shape.decisions,
    stream: true,
  },
  countDecisions: {
    method: 'GET',
    path: '/api/decisions/counts',
    summary: 'Decisions over time; the last hour without from and to.',
    role: 'viewer',
    query: countsQuerySchema,
    response: countsSchema,
  },
  listFacets: {
    method: 'GET',
    path: '/api/decisions/facets',
    summary:
      'Values of the filters in the window, the most frequent first, at most 200 each; the last day without from and to.',
    role: 'viewer',
    query: filterSchema.pick({ from: true, to: true }),
    response: facetsSchema,
  },
  readDecision: {
    method: 'GET',
    path: '/api/decisions/{id}',
    summary: 'One decision with what it was based on.',
    role: 'viewer',
    response: decisionDetailSchema,
  },
  readRecord: {
    method: 'GET',
    path: '/api/decisions/{id}/record',
    summary: 'The raw evidence record.',
    role: 'auditor',
    response: rawRecordSchema,
  },
  findSmallestChange: {
    method: 'POST',
    path: '/api/decisions/{id}/smallest-change',
    summary: 'The smallest change of facts that would allow the call, by questions to the PDP. Nothing is recorded.',
    role: 'auditor',
    response: smallestChangeSchema,
  },
  askWhatIf: {
    method: 'POST',
    path: '/api/decisions/{id}/what-if',
    summary: 'What the PDP would decide with other facts, another time or policy version. Nothing is enforced.',
    role: 'auditor',
    body: whatIfBodySchema,
    response: whatIfSchema,
  },
  readPerson: {
    method: 'GET',
    path: '/api/people/{person}',
    summary: 'Facts, recent decisions and sessions of a person.',
    role: 'viewer',
    response: personSchema,
  },
  readPersonTools: {
    method: 'GET',
    path: '/api/people/{person}/tools',
    summary: 'What the person may call: now, under conditions, never.',
    role: 'viewer',
    response: personToolsSchema,
  },
  readSession: {
    method: 'GET',
    path: '/api/sessions/{id}',
    summary: 'The calls of a session in order.',
    role: 'viewer',
    query: sessionQuerySchema,
    response: sessionSchema,
  },
  listPolicies: {
    method: 'GET',
    path: '/api/policies',
    summary: 'Rules with hits and denials; the last 7 days without from and to.',
    role: 'viewer',
    query: policiesQuerySchema,
    response: policiesSchema,
  },
  readRollout: {
    method: 'GET',
    path: '/api/policies/rollout',
    summary: 'Categories from observe to enforce; the last 7 days without from and to.',
    role: 'viewer',
    query: policiesQuerySchema,
    response: rolloutSchema,
  },
  listCandidates: {
    method: 'GET',
    path: '/api/policies/candidates',
    summary: 'What a comparison may be made with.',
    role: 'viewer',
    response: candidatesSchema,
  },
  startDifference: {
    method: 'POST',
    path: '/api/policies/differences',
    summary: 'Starts a comparison of a candidate with the recorded decisions.',
    role: 'auditor',
    body: differenceBodySchema,
    response: differenceSchema,
  },
  readDifference: {
    method: 'GET',
    path: '/api/policies/differences/{id}',
    summary: 'Progress and result of a comparison.',
    role: 'auditor',
    response: differenceSchema,
  },
  cancelDifference: {
    method: 'DELETE',
    path: '/api/policies/differences/{id}',
    summary: 'Cancels a comparison.',
    role: 'auditor',
    response: differenceSchema,
  },
  readHealth: {
    method: 'GET',
    path: '/api/health',
    summary: "Sources, PDP, Redis and log, with doctor's findings; checked at most every 10 s.",
    role: 'viewer',
    response: healthSchema,
  },
  listAccess: {
    method: 'GET',
    path: '/api/access',
    summary: 'Who looked at whose data.',
    role: 'admin',
    query: accessQuerySchema,
    response: accessLogSchema,
  },
} as const satisfies Record<string, Endpoint>;

export type Endpoints = typeof endpoints;
export type EndpointId = keyof Endpoints;

/** Header with the token of `me` that every request but a GET has. */
export const CSRF_HEADER = 'x-iris-csrf';
