import type { CheckContext } from '../llm-format.js';
import { badRequest } from '../provider-error.js';
import { bracketPath, parseShape, type ShapeIssue } from '../shape-issue.js';
import {
  type GeminiBody,
  type GeminiContent,
  type GeminiPart,
  geminiShape,
  inCamelCase,
  PART_DATA,
} from './gemini-shape.js';

/** What generateContent refuses with 400, in the words quoted in public error reports. */

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function refuse(issue: ShapeIssue): Error {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : snake(part)));
  if (issue.kind === 'unknown_key') {
    return badRequest(`Invalid JSON payload received. Unknown name "${path.at(-1)}": Cannot find field.`);
  }
  if (issue.kind === 'missing')
    return badRequest(`* GenerateContentRequest.${bracketPath(path)}: required field is not set.`);
  const shown = JSON.stringify(issue.input);
  return badRequest(`Invalid value at '${bracketPath(path)}' (${issue.expected || 'value'}), ${shown}`);
}

const MAX_DECLARATIONS = 512;

function checkTools(body: GeminiBody): string[] {
  const names: string[] = [];
  for (const [at, tool] of (body.tools ?? []).entries()) {
    const kinds = Object.keys(tool);
    if (kinds.length === 0 || (kinds.length === 1 && tool.functionDeclarations?.length === 0)) {
      throw badRequest(
        `* GenerateContentRequest.tools[${at}].tool_type: required one_of 'tool_type' must have one initialized field`,
      );
    }
    for (const [index, declaration] of (tool.functionDeclarations ?? []).entries()) {
      const where = `GenerateContentRequest.tools[${at}].function_declarations[${index}]`;
      if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/.test(declaration.name)) {
        throw badRequest(
          `* ${where}.name: Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), ` +
            'underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.',
        );
      }
      if (names.includes(declaration.name))
        throw badRequest(`Duplicate function declaration found: ${declaration.name}`);
      if (declaration.parameters !== undefined && declaration.parametersJsonSchema !== undefined) {
        throw badRequest(`* ${where}: only one of parameters and parameters_json_schema may be set.`);
      }
      names.push(declaration.name);
    }
  }
  if (names.length > MAX_DECLARATIONS) {
    throw badRequest(
      `The number of function declarations must not exceed ${MAX_DECLARATIONS}, but got ${names.length}.`,
    );
  }
  return names;
}

function checkChoice(body: GeminiBody, names: readonly string[]): void {
  const config = body.toolConfig?.functionCallingConfig;
  if (!config) return;
  const allowed = config.allowedFunctionNames ?? [];
  if (allowed.length > 0 && config.mode !== 'ANY' && config.mode !== 'VALIDATED') {
    throw badRequest(
      'Function calling config: allowed_function_names can only be set when the mode is ANY or VALIDATED.',
    );
  }
  const unknown = allowed.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw badRequest(
      `Function calling config: allowed_function_names is not a subset of the declared functions: ${unknown.join(', ')}`,
    );
  }
  if (config.mode === 'ANY' && names.length === 0 && !body.cachedContent) {
    throw badRequest('Function calling config is set without function_declarations.');
  }
}

function checkParts(contents: readonly GeminiContent[]): void {
  for (const [at, content] of contents.entries()) {
    if (content.parts.length === 0)
      throw badRequest(`* GenerateContentRequest.contents[${at}].parts: contents.parts must not be empty.`);
    for (const [index, part] of content.parts.entries()) {
      const data = PART_DATA.filter((key) => part[key] !== undefined);
      if (data.length !== 1) {
        throw badRequest(
          `* GenerateContentRequest.contents[${at}].parts[${index}].data: required oneof field 'data' must have one initialized field`,
        );
      }
    }
  }
}

const calls = (content: GeminiContent | undefined): GeminiPart[] =>
  (content?.parts ?? []).filter((part) => part.functionCall !== undefined);
const responses = (content: GeminiContent | undefined): GeminiPart[] =>
  (content?.parts ?? []).filter((part) => part.functionResponse !== undefined);

function checkTurns(contents: readonly GeminiContent[]): void {
  for (const [at, content] of contents.entries()) {
    const asked = calls(content);
    const answered = responses(content);
    if (asked.length > 0 && content.role !== 'model') {
      throw badRequest('Please ensure that function call parts are in turns of the model role.');
    }
    if (asked.length > 0 && (at === 0 || contents[at - 1]?.role === 'model')) {
      throw badRequest(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    }
    if (answered.length > 0 && calls(contents[at - 1]).length === 0) {
      throw badRequest('Please ensure that function response turn comes immediately after a function call turn.');
    }
    if (asked.length === 0) continue;
    const next = contents[at + 1];
    const nextResponses = responses(next);
    if (nextResponses.length !== asked.length || next?.parts.length !== asked.length) {
      throw badRequest(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      );
    }
    checkPairing(asked, nextResponses);
  }
}

/** Responses pair by id where there is one, else by name. */
function checkPairing(asked: readonly GeminiPart[], answered: readonly GeminiPart[]): void {
  const open = asked.map((part) => part.functionCall);
  for (const { functionResponse } of answered) {
    const at = open.findIndex((call) =>
      functionResponse?.id === undefined ? call?.name === functionResponse?.name : call?.id === functionResponse.id,
    );
    if (at === -1) {
      throw badRequest(
        `Please ensure that each function response matches a function call of the previous turn: default_api:${functionResponse?.name}`,
      );
    }
    open.splice(at, 1);
  }
}

/** Gemini 3 wants the signature of the current turn's calls back, on the first call of each batch. */
function checkSignatures(contents: readonly GeminiContent[], context: CheckContext): void {
  if (!/gemini-3/.test(context.model)) return;
  const lastUser = contents.findLastIndex((content) => content.role === 'user' && responses(content).length === 0);
  for (const [at, content] of contents.entries()) {
    const first = calls(content)[0];
    if (at < lastUser || !first) continue;
    const signature = first.thoughtSignature;
    if (signature === undefined) {
      throw badRequest(
        `Function call is missing a thought_signature in functionCall parts. Function call \`default_api:${first.functionCall?.name}\`, position ${at}.`,
      );
    }
    if (context.signatures && !context.signatures.has(signature)) throw badRequest('Corrupted thought signature.');
  }
}

export function checkGemini(input: unknown, context: CheckContext): string[] {
  const body = parseShape(geminiShape, inCamelCase(input), refuse);
  const contents = body.contents ?? [];
  if (contents.length === 0) throw badRequest('* GenerateContentRequest.contents: contents is not specified');
  const names = checkTools(body);
  checkChoice(body, names);
  checkParts(contents);
  checkTurns(contents);
  checkSignatures(contents, context);
  const hosted = (body.tools ?? []).flatMap((tool) =>
    Object.keys(tool).filter((key) => key !== 'functionDeclarations'),
  );
  return [...names, ...hosted];
}
