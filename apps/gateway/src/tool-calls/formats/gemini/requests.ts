import type { JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { objectOf } from '../../json-access.js';

export interface PlacedRequest {
  readonly request: JsonObject;
  readonly path: JsonPath;
}

/**
 * The requests of a body: the body itself, and what Code Assist wraps into `request`. A body that has the fields of
 * both is read as both, because servers differ in which one they take.
 */
export function requestsOf(body: JsonObject): PlacedRequest[] {
  const requests: PlacedRequest[] = [];
  const inner = objectOf(body.request);
  if (inner && hasContents(inner)) requests.push({ request: inner, path: ['request'] });
  if (requests.length === 0 || FIELDS.some((field) => body[field] !== undefined && body[field] !== null)) {
    requests.push({ request: body, path: [] });
  }
  return requests;
}

/** Whether an object has contents, of whatever type: a reader of kinds judges their shape. */
export function hasContents(request: JsonObject): boolean {
  return request.contents !== undefined && request.contents !== null;
}

const FIELDS = ['contents', 'tools', 'toolConfig'];
