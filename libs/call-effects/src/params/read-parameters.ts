import type { Json, JsonObject } from '@iris/contracts';
import { readCode } from '../argv/embedded-code.js';
import type { EffectfulCall } from '../effect.js';
import type { EffectList } from '../effect-list.js';
import { type GivenEnvironment, readCommandText, readCommandWords, topReading } from '../read-command.js';
import { addPatchEffects, isPatch } from './patch.js';
import { addUrlEffect } from './urls.js';

const COMMAND = /^(?:commands?|cmds?|shell_?command|command_?line|cmd_?line|argv|script|bash|shell|exec|run)$/i;
const TYPED = /^(?:chars|stdin|keys|keystrokes)$/i;
const CODE = /^(?:code|source_?code|python|javascript|typescript|js|function|expression|snippet|program)$/i;
const PATCH = /^(?:patch|input|diff)$/i;
const URLS = /^(?:urls?|uri|href|link|endpoint)$/i;
const ENVIRONMENT = /^(?:env|environment|env_?vars|environment_?variables)$/i;
const ENCODED = /^(?:arguments|args|params|parameters|input|action|tool_input)$/i;

const MAX_DEPTH = 32;

/** Values that are no command cost little. */
const VALUES_PER_STEP = 32;

/** Reads all that parameters hold of commands, argument lists, code, patches and URLs, at any depth. */
export function readParameters({ tool, params, reaches }: EffectfulCall, effects: EffectList): void {
  readObject(tool, params, effects, [], 0);
  if (reaches) effects.addReach(tool, JSON.stringify(params), [], { kind: 'url', labels: true });
}

function readObject(
  tool: string,
  params: JsonObject,
  effects: EffectList,
  outer: GivenEnvironment,
  depth: number,
): void {
  if (depth > MAX_DEPTH) {
    effects.stop('too_deep');
    return;
  }
  const given = [...outer, ...environmentIn(params)];
  const entries = Object.entries(params);
  if (!effects.step(Math.ceil((entries.length + given.length) / VALUES_PER_STEP))) return;
  for (const [key, value] of entries) {
    if (COMMAND.test(key)) readCommandValue(tool, value, params, effects, given);
    else if (TYPED.test(key) && typeof value === 'string') readTyped(value, effects, given);
    else if (CODE.test(key) && typeof value === 'string') readCode(value, tool, topReading(effects, given));
    if (URLS.test(key)) for (const url of texts(value)) addUrlEffect(tool, url, params, effects);
    if (typeof value === 'string' && (PATCH.test(key) || (!COMMAND.test(key) && isPatch(value))))
      addPatchEffects(tool, value, effects);
    const inner = ENCODED.test(key) && typeof value === 'string' ? decoded(value) : value;
    if (!ENVIRONMENT.test(key)) readNested(tool, inner, effects, given, depth + 1);
  }
}

function readNested(tool: string, value: Json, effects: EffectList, given: GivenEnvironment, depth: number): void {
  if (depth > MAX_DEPTH) {
    effects.stop('too_deep');
    return;
  }
  if (Array.isArray(value)) {
    if (!effects.step(Math.ceil(value.length / VALUES_PER_STEP))) return;
    for (const each of value) readNested(tool, each, effects, given, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    readObject(tool, value, effects, given, depth);
  }
}

function readCommandValue(
  tool: string,
  value: Json,
  params: JsonObject,
  effects: EffectList,
  given: GivenEnvironment,
): void {
  if (/powershell|pwsh/i.test(tool)) effects.obscure('code');
  if (typeof value === 'string') {
    readCommandText(value, effects, given);
    const args = params.args ?? params.arguments;
    if (Array.isArray(args)) readCommandWords([value, ...texts(args)], effects, given);
    return;
  }
  const words = texts(value);
  if (!Array.isArray(value) || words.length === 0) return;
  readCommandWords(words, effects, given);
  // A list of commands has no program that is one word.
  if (/\s/.test(words[0] ?? '')) for (const text of words) readCommandText(text, effects, given);
}

/** What is typed may go to a program that runs already. */
function readTyped(text: string, effects: EffectList, given: GivenEnvironment): void {
  if (text === '') return;
  effects.obscure('script');
  readCommandText(text, effects, given);
}

function texts(value: Json): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((each) => (typeof each === 'string' ? [each] : typeof each === 'number' ? [String(each)] : []));
}

function environmentIn(params: JsonObject): GivenEnvironment {
  return Object.entries(params).flatMap(([key, value]) => {
    if (!ENVIRONMENT.test(key) || typeof value !== 'object' || value === null) return [];
    if (!Array.isArray(value))
      return Object.entries(value).map(([name, each]) => [name, texts(each).join(' ')] as const);
    return value.flatMap(variableIn);
  });
}

/** `NAME=value` or `{ name, value }`. */
function variableIn(value: Json): GivenEnvironment {
  if (typeof value === 'string') {
    const at = value.indexOf('=');
    return at > 0 ? [[value.slice(0, at), value.slice(at + 1)]] : [];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const [name] = texts(value.name ?? null);
  return name === undefined ? [] : [[name, texts(value.value ?? null).join(' ')]];
}

function decoded(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
