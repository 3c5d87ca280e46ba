import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { toAttributes } from '@iris/pdp';

/** A subject or a resource. `id` is '' where a search leaves it out. */
export interface AuthZenEntity {
  readonly type: string;
  readonly id: string;
  readonly properties: JsonObject;
}

export interface AuthZenAction {
  readonly name: string;
  readonly properties: JsonObject;
}

/** One evaluation. */
export interface Evaluation {
  readonly subject: AuthZenEntity;
  readonly action: AuthZenAction;
  readonly resource: AuthZenEntity;
  readonly context: JsonObject;
}

export const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
export type Semantic = (typeof SEMANTICS)[number];

/** Longest id, type and name, in UTF-16 units. */
const MAX_TEXT = 1024;

/** A request that is not valid. The message names the field. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
}

/** @throws InvalidRequest for a body that is no JSON object of this media type */
export function readBody(contentType: string | undefined, body: Buffer): JsonObject {
  if (!/^application\/json *(?:;|$)/i.test(contentType ?? '')) {
    throw new InvalidRequest('the Content-Type must be application/json');
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new InvalidRequest('the body is not valid JSON');
  }
  if (!isJsonObject(value)) throw new InvalidRequest('the body must be a JSON object');
  return value;
}

/**
 * An evaluation from its body. Fields that the protocol does not list are ignored.
 *
 * @param open the entity that a search looks for, whose id is ignored; for an action it is left out as a whole
 * @throws InvalidRequest naming the field
 */
export function readEvaluation(body: JsonObject, open?: 'subject' | 'resource' | 'action'): Evaluation {
  return {
    subject: entity(body, 'subject', open === 'subject'),
    action: open === 'action' ? { name: '', properties: {} } : action(body),
    resource: entity(body, 'resource', open === 'resource'),
    context: object(body.context, 'context'),
  };
}

function entity(body: JsonObject, field: 'subject' | 'resource', isOpen: boolean): AuthZenEntity {
  const value = required(body, field);
  return {
    type: text(value.type, `${field}.type`),
    id: isOpen ? '' : text(value.id, `${field}.id`),
    properties: object(value.properties, `${field}.properties`),
  };
}

function action(body: JsonObject): AuthZenAction {
  const value = required(body, 'action');
  return { name: text(value.name, 'action.name'), properties: object(value.properties, 'action.properties') };
}

function required(body: JsonObject, field: string): JsonObject {
  const value = Object.hasOwn(body, field) ? body[field] : undefined;
  if (value === undefined) throw new InvalidRequest(`${field} is missing`);
  if (!isJsonObject(value)) throw new InvalidRequest(`${field} must be an object`);
  return value;
}

function text(value: Json | undefined, field: string): string {
  if (value === undefined) throw new InvalidRequest(`${field} is missing`);
  if (typeof value !== 'string' || value === '') throw new InvalidRequest(`${field} must be a text that is not empty`);
  if (value.length > MAX_TEXT) throw new InvalidRequest(`${field} is longer than ${MAX_TEXT} characters`);
  return value.toWellFormed();
}

function object(value: Json | undefined, field: string): JsonObject {
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw new InvalidRequest(`${field} must be an object`);
  return toAttributes(value);
}

/** The semantic of a batch. @throws InvalidRequest for an unknown one */
export function readSemantic(body: JsonObject): Semantic {
  const { evaluations_semantic: semantic } = object(body.options, 'options');
  if (semantic === undefined) return 'execute_all';
  const known = SEMANTICS.find((one) => one === semantic);
  if (known === undefined) {
    throw new InvalidRequest(`options.evaluations_semantic must be one of ${SEMANTICS.join(', ')}`);
  }
  return known;
}

/** The items of a batch, each with the defaults of the body; undefined where it acts as a single evaluation. */
export function readItems(body: JsonObject, max: number): JsonObject[] | undefined {
  const { evaluations, options: _options, ...defaults } = body;
  if (evaluations === undefined) return undefined;
  if (!Array.isArray(evaluations)) throw new InvalidRequest('evaluations must be an array');
  if (evaluations.length === 0) return undefined;
  if (evaluations.length > max) throw new InvalidRequest(`evaluations has more than ${max} items`);
  // An item that is no object has none of the defaults, so it is reported by itself.
  return evaluations.map((item) => (isJsonObject(item) ? { ...defaults, ...item } : {}));
}

/** What part of the results a search returns. */
export interface Page {
  readonly token: string;
  readonly limit: number;
}

/** @throws InvalidRequest naming the field */
export function readPage(body: JsonObject, maxLimit: number): Page {
  const page = object(body.page, 'page');
  const limit = page.limit ?? maxLimit;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw new InvalidRequest('page.limit must be a whole number of at least 1');
  }
  const token = page.token ?? '';
  if (typeof token !== 'string') throw new InvalidRequest('page.token must be a text');
  return { token, limit: Math.min(limit, maxLimit) };
}
