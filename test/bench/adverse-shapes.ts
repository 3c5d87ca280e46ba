import { gzipSync } from 'node:zlib';

/** A hook that is made to cost as much as possible. */
export interface AdverseHook {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Size in bytes after decompression. */
  readonly decodedBytes: number;
  /** How often it is sent before it is measured; by default never. */
  readonly sentBefore?: number;
}

/** Makes a hook of about so many bytes after decompression. */
export type AdverseShape = (bytes: number) => AdverseHook;

const PEOPLE = 'ben@lumen.example';
const ENFORCED = '/ext/aperture/pre_request';
const AFTER = '/ext/aperture/entire_request';

/** Repeats what `make` returns, by index, until the text has the size; at least one time. */
export function fill(bytes: number, make: (index: number) => string, separator = ','): string {
  const parts: string[] = [];
  let size = 0;
  for (let index = 0; size < bytes || index === 0; index += 1) {
    const part = make(index);
    parts.push(part);
    size += part.length + separator.length;
  }
  return parts.join(separator);
}

let sessions = 0;

/** In a session of its own, so that no verdict on another hook is remembered for it. */
function hook(url: string, body: string, path = ENFORCED): AdverseHook {
  sessions += 1;
  const session_id = `adverse-${sessions}`;
  const metadata = JSON.stringify({ login_name: PEOPLE, url, user_agent: 'claude-cli/2.1', session_id });
  const text = Buffer.from(`{"metadata":${metadata},${path === AFTER ? body : `"request_body":${body}`}}`);
  return { path, body: text, decodedBytes: text.length };
}

export function anthropic(content: string, rest = ''): AdverseHook {
  return hook('/v1/messages', `{"model":"claude","max_tokens":9${rest},"messages":[${content}]}`);
}

function turn(calls: string, results: string): string {
  return `{"role":"assistant","content":[${calls}]},{"role":"user","content":[${results}]}`;
}

function call(id: string, name: string, input: string): string {
  return `{"type":"tool_use","id":${JSON.stringify(id)},"name":${JSON.stringify(name)},"input":${input}}`;
}

function result(id: string, content = '"r"'): string {
  return `{"type":"tool_result","tool_use_id":${JSON.stringify(id)},"content":${content}}`;
}

/** One call whose input is the text, and its result. */
function oneCall(input: string): AdverseHook {
  return anthropic(turn(call('c1', 'Read', input), result('c1')));
}

function inText(unit: string): AdverseShape {
  return (bytes) => oneCall(`{"text":${JSON.stringify(unit.repeat(Math.ceil(bytes / unit.length)))}}`);
}

function inResult(unit: string): AdverseShape {
  return (bytes) => {
    const text = JSON.stringify(unit.repeat(Math.ceil(bytes / unit.length)));
    return anthropic(turn(call('c1', 'Read', '{}'), result('c1', text)));
  };
}

export function compressed(shape: AdverseShape): AdverseShape {
  return (bytes) => {
    const plain = shape(bytes);
    return { ...plain, headers: { 'content-encoding': 'gzip' }, body: gzipSync(plain.body) };
  };
}

export function chat(messages: string, rest = ''): AdverseHook {
  return hook('/v1/chat/completions', `{"model":"gpt"${rest},"messages":[${messages}]}`);
}

export function responses(items: string, rest = ''): AdverseHook {
  return hook('/v1/responses', `{"model":"gpt"${rest},"input":[${items}]}`);
}

export function gemini(parts: string): AdverseHook {
  return hook('/v1beta/models/g:generateContent', `{"contents":[{"role":"user","parts":[${parts}]}]}`);
}

/** What other shapes are compared with: one text that no reader looks into. */
export const PLAIN_TEXT: AdverseShape = (bytes) =>
  anthropic(`{"role":"user","content":"${'word '.repeat(bytes / 5)}"}`);

/** Shapes that make readers, masking, pairing, classification, planning or the parser do much for few bytes. */
export const ADVERSE_SHAPES: Readonly<Record<string, AdverseShape>> = {
  'secret-like keys that count up': (bytes) => oneCall(`{${fill(bytes, (i) => `"sk-aaaaaaaaaaaa${1000000 + i}":1`)}}`),
  'many calls and results of one id': (bytes) =>
    anthropic(
      turn(
        fill(bytes / 2, () => call('same', 'Read', '{}')),
        fill(bytes / 2, () => result('same')),
      ),
    ),
  'ids that look made': (bytes) =>
    anthropic(
      turn(
        `${fill(bytes / 2, (i) => call(`call~0123456789abcdef01234567~${i + 1}`, 'Read', '{}'))},${call('', 'Read', `{"a":"${'x'.repeat(bytes / 2)}"}`)}`,
        fill(1, (i) => result(`call~0123456789abcdef01234567~${i + 1}`)),
      ),
    ),
  'declared names with many ways to split': (bytes) =>
    anthropic(
      '{"role":"user","content":"x"}',
      `,"tools":[${fill(bytes, (i) => `{"name":"${'a_'.repeat(122)}${i}","input_schema":{}}`)}]`,
    ),
  'short declared names': (bytes) =>
    anthropic('{"role":"user","content":"x"}', `,"tools":[${fill(bytes, (i) => `{"name":"t${i}"}`)}]`),
  'empty lists': (bytes) => oneCall(`{"x":[${fill(bytes, () => '[]')}]}`),
  'empty lists, compressed': compressed((bytes) => oneCall(`{"x":[${fill(bytes, () => '[]')}]}`)),
  'zeros, compressed': compressed((bytes) => oneCall(`{"x":[${fill(bytes, () => '0')}]}`)),
  'spaces, compressed': compressed((bytes) => oneCall(`{"x":${' '.repeat(bytes)}1}`)),
  'one long string, compressed': compressed((bytes) => oneCall(`{"x":"${'a'.repeat(bytes)}"}`)),
  'deep nesting': (bytes) => oneCall(`{"x":${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}}`),
  'nesting up to the limit, often': (bytes) =>
    oneCall(`{"x":[${fill(bytes, () => `${'['.repeat(150)}${']'.repeat(150)}`)}]}`),
  'a key twice, at the end': (bytes) => oneCall(`{${fill(bytes, (i) => `"k${i}":1`)},"k0":1}`),
  'many keys': (bytes) => oneCall(`{${fill(bytes, (i) => `"k${i}":1`)}}`),
  'many objects with one key': (bytes) => oneCall(`{"x":[${fill(bytes, () => '{"password":"p"}')}]}`),
  dots: inText('....'),
  'dashes and dots': inText('-a.-a.'),
  'letters and dots': inText('a.a.'),
  'at signs': inText('a@a.'),
  'key-like words': inText('sk-'),
  'base64 letters': inText('QUJDREVG'),
  'jwt-like text': inText('eyJhbGciOi.eyJzdWIi.'),
  'url starts': inText('https://a:'),
  assignments: inText('password='),
  backslashes: inText('\\'),
  quotes: inText('"'),
  'control characters': inText('\u0001'),
  'lone surrogates': inText('\ud800'),
  emoji: inText('😀'),
  'private key heads': inText('-----BEGIN PRIVATE KEY-----'),
  'backslashes in a result': inResult('\\'),
  'many calls, each with its result': (bytes) =>
    anthropic(fill(bytes, (i) => turn(call(`c${i}`, 'Read', `{"file_path":"/a/${i}"}`), result(`c${i}`)))),
  'many calls of unknown tools': (bytes) =>
    anthropic(fill(bytes, (i) => turn(call(`c${i}`, `tool_${i}`, '{}'), result(`c${i}`)))),
  'many calls, sent again': (bytes) => ({
    ...anthropic(fill(bytes, (i) => turn(call(`c${i}`, 'Read', `{"file_path":"/a/${i}"}`), result(`c${i}`)))),
    sentBefore: 10,
  }),
  'many denied calls, sent again': (bytes) => ({
    ...anthropic(fill(bytes, (i) => turn(call(`c${i}`, `tool_${i}`, '{}'), result(`c${i}`)))),
    sentBefore: 10,
  }),
  'calls of many values': (bytes) =>
    anthropic(fill(bytes, (i) => turn(call(`c${i}`, 'Read', `{"x":[${fill(50_000, () => '{}')}]}`), result(`c${i}`)))),
  'calls of long texts': (bytes) =>
    anthropic(fill(bytes, (i) => turn(call(`c${i}`, 'Write', `{"x":"${'a.b '.repeat(12_000)}"}`), result(`c${i}`)))),
  'many results of one call': (bytes) =>
    anthropic(
      turn(
        call('c1', 'Read', '{}'),
        fill(bytes, () => result('c1')),
      ),
    ),
  'results without a call': (bytes) => anthropic(`{"role":"user","content":[${fill(bytes, (i) => result(`c${i}`))}]}`),
  'unknown blocks': (bytes) => anthropic(`{"role":"user","content":[${fill(bytes, (i) => `{"type":"new_${i}"}`)}]}`),
  'unknown top-level fields': (bytes) =>
    anthropic('{"role":"user","content":"x"}', `,${fill(bytes, (i) => `"field_${i}":1`)}`),
  'long ids': (bytes) => {
    const id = 'i'.repeat(bytes / 2);
    return anthropic(turn(call(id, 'Read', '{}'), result(id)));
  },
  'a long name': (bytes) => anthropic(turn(call('c1', 'n_'.repeat(bytes / 2), '{}'), result('c1'))),
  'a long command': (bytes) =>
    anthropic(turn(call('c1', 'Bash', JSON.stringify({ command: fill(bytes, () => 'true', '; ') })), result('c1'))),
  'a command of brackets': (bytes) =>
    anthropic(turn(call('c1', 'Bash', JSON.stringify({ command: '$('.repeat(bytes / 2) })), result('c1'))),
  'a statement of comments': (bytes) =>
    anthropic(turn(call('c1', 'mcp__postgres__query', JSON.stringify({ sql: '/*'.repeat(bytes / 2) })), result('c1'))),
  'connection strings': (bytes) =>
    anthropic(
      turn(
        call('c1', 'mcp__postgres__query', JSON.stringify({ connection_string: 'host=a '.repeat(bytes / 7) })),
        result('c1'),
      ),
    ),
  'chat calls of one id': (bytes) =>
    chat(
      fill(
        bytes,
        () =>
          '{"role":"assistant","tool_calls":[{"id":"same","type":"function","function":{"name":"Read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"same","content":"r"}',
      ),
    ),
  'chat calls without ids': (bytes) =>
    chat(
      fill(
        bytes,
        () =>
          '{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"Read","arguments":"{}"}}]},{"role":"tool","content":"r"}',
      ),
    ),
  'arguments in arguments': (bytes) => {
    const text = JSON.stringify(`{"a":"${'\\\\'.repeat(bytes / 8)}"}`);
    return chat(
      `{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"Read","arguments":${text}}}]},{"role":"tool","tool_call_id":"a","content":"r"}`,
    );
  },
  'responses without call ids': (bytes) =>
    responses(
      fill(
        bytes,
        () => '{"type":"function_call","name":"Read","arguments":"{}"},{"type":"function_call_output","output":"r"}',
      ),
    ),
  'gemini results without ids': (bytes) =>
    gemini(fill(bytes, () => '{"functionResponse":{"name":"Read","response":{"a":1}}}')),
  'a stream of small pieces': (bytes) =>
    hook('/v1/messages', `"raw_responses":[${fill(bytes, () => '"data: {}"')}]`, AFTER),
  'listed calls of one name': (bytes) =>
    hook('/v1/messages', `"tool_calls":[${fill(bytes, () => '{"name":"Read","params":{}}')}]`, AFTER),
};
