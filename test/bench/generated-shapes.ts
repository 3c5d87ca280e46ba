import fc from 'fast-check';
import {
  type AdverseHook,
  type AdverseShape,
  anthropic,
  chat,
  compressed,
  fill,
  gemini,
  responses,
} from './adverse-shapes.js';

const SEED = 20_260_101;
const COUNT = 24;

type Part = (index: number) => string;

/** JSON texts of what one call consists of, each costly in another way. */
const IDS: Readonly<Record<string, Part>> = {
  'counted ids': (index) => `"c${index}"`,
  'one id': () => '"same"',
  'ids in pairs': (index) => `"c${index >> 1}"`,
  'empty ids': () => '""',
  'long ids': (index) => `"${'i'.repeat(2000)}${index}"`,
  'escaped ids': (index) => `"\\u0063\\u006${index % 10}"`,
};
const NAMES: Readonly<Record<string, Part>> = {
  'one name': () => '"Read"',
  'many names': (index) => `"tool_${index}"`,
  'long names': (index) => `"${'a_'.repeat(200)}${index}"`,
  'names of servers': (index) => `"mcp__server${index}__get__all__${index}"`,
  commands: () => '"Bash"',
};
const PARAMETERS: Readonly<Record<string, Part>> = {
  'no parameters': () => '{}',
  'wide parameters': (index) => `{${fill(2000, (key) => `"k${key}":${index}`)}}`,
  'deep parameters': () => `{"x":${'[{"y":'.repeat(40)}1${'}]'.repeat(40)}}`,
  'escaped parameters': () => `{"x":"${'\\u005c\\"'.repeat(100)}"}`,
  'a key twice': (index) => `{"x":${index},"x":1}`,
  'empty values': () => `{"x":[${fill(500, () => '{}')}]}`,
  'secret-like parameters': (index) => `{"sk-aaaaaaaaaaaa${index}":"password=${'a.'.repeat(50)}"}`,
  'a command': (index) => `{"command":"cat a${index} | $(cat b) ; sh -c 'psql -h db${index} -c \\"select 1\\"'"}`,
  'a long text': () => `{"x":"${'x'.repeat(20_000)}"}`,
};

interface Call {
  readonly id: string;
  readonly name: string;
  readonly parameters: string;
}

/** How a format writes one call with its result, and a list of them. */
interface Format {
  readonly call: (call: Call) => string;
  readonly hook: (calls: string) => AdverseHook;
}

const FORMATS: Readonly<Record<string, Format>> = {
  anthropic: {
    call: ({ id, name, parameters }) =>
      `{"role":"assistant","content":[{"type":"tool_use","id":${id},"name":${name},"input":${parameters}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":${id},"content":"r"}]}`,
    hook: anthropic,
  },
  chat: {
    call: ({ id, name, parameters }) =>
      `{"role":"assistant","tool_calls":[{"id":${id},"type":"function","function":{"name":${name},"arguments":${JSON.stringify(parameters)}}}]},{"role":"tool","tool_call_id":${id},"content":"r"}`,
    hook: chat,
  },
  responses: {
    call: ({ id, name, parameters }) =>
      `{"type":"function_call","call_id":${id},"name":${name},"arguments":${JSON.stringify(parameters)}},{"type":"function_call_output","call_id":${id},"output":"r"}`,
    hook: responses,
  },
  gemini: {
    call: ({ name, parameters }) =>
      `{"functionCall":{"name":${name},"args":${parameters}}},{"functionResponse":{"name":${name},"response":{"a":1}}}`,
    hook: gemini,
  },
};

const anyOf = <T>(choices: Readonly<Record<string, T>>) => fc.constantFrom(...Object.entries(choices));

const generated = fc
  .record({
    format: anyOf(FORMATS),
    id: anyOf(IDS),
    name: anyOf(NAMES),
    parameters: anyOf(PARAMETERS),
    isCompressed: fc.boolean(),
  })
  .map(({ format, id, name, parameters, isCompressed }): readonly [string, AdverseShape] => {
    const callOf = (index: number) =>
      format[1].call({ id: id[1](index), name: name[1](index), parameters: parameters[1](index) });
    const shape: AdverseShape = (bytes) => format[1].hook(fill(bytes, callOf));
    const title = [format[0], id[0], name[0], parameters[0], ...(isCompressed ? ['compressed'] : [])].join(', ');
    return [title, isCompressed ? compressed(shape) : shape];
  });

/** Shapes that are put together from parts, the same ones in every run. */
export const GENERATED_SHAPES: Readonly<Record<string, AdverseShape>> = Object.fromEntries(
  fc.sample(fc.uniqueArray(generated, { selector: ([title]) => title, minLength: COUNT, maxLength: COUNT }), {
    seed: SEED,
    numRuns: 1,
  })[0] ?? [],
);
