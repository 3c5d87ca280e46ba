import { badRequest } from './provider-error.js';
import { bracketPath, jsonTypeName, type ShapeIssue } from './shape-issue.js';

const WANTED: Record<string, string> = {
  string: 'a string',
  object: 'an object',
  array: 'an array of objects',
  number: 'an integer',
  boolean: 'a boolean',
};

/** A fault of shape in the words of api.openai.com. */
export function openAiRefusal(issue: ShapeIssue): Error {
  const param = bracketPath(issue.path);
  if (issue.kind === 'missing') {
    return badRequest(`Missing required parameter: '${param}'.`, { code: 'missing_required_parameter', param });
  }
  if (issue.kind === 'unknown_key')
    return badRequest(`Unknown parameter: '${param}'.`, { code: 'unknown_parameter', param });
  if (issue.kind === 'type') {
    const wanted = WANTED[issue.expected] ?? issue.expected;
    return badRequest(
      `Invalid type for '${param}': expected ${wanted}, but got ${jsonTypeName(issue.input)} instead.`,
      {
        code: 'invalid_type',
        param,
      },
    );
  }
  return badRequest(`Invalid value for '${param}': ${issue.message}`, { code: 'invalid_value', param });
}

export function emptyArray(param: string): Error {
  return badRequest(
    `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    { code: 'empty_array', param },
  );
}

/** Tool names of the OpenAI APIs: letters, digits, `_`, `-`; at most 64. Throws ProviderError. */
export function checkOpenAiName(name: string, param: string): void {
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    throw badRequest(
      `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      { code: 'invalid_value', param },
    );
  }
  if (name.length > 64) {
    throw badRequest(
      `Invalid '${param}': string too long. Expected a string with maximum length 64, but got a string with length ${name.length} instead.`,
      { code: 'string_above_max_length', param },
    );
  }
}

/** The envelope of api.openai.com. */
export function openAiErrorBody(
  status: number,
  message: string,
  detail: { code?: string; param?: string },
): Record<string, unknown> {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param: detail.param ?? null, code: detail.code ?? null } };
}
