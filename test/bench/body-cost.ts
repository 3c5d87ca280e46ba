import { type JsonDocument, parseDocument } from '@iris/json-document';
import { type ReadBody, readProviderBody, rewriteProviderBody } from '../../apps/gateway/src/tool-calls/index.js';
import { round, type Table } from './table.js';

const MEGABYTE = 1024 * 1024;
const RUNS = 40;

/**
 * What a provider body costs the gateway, beside one `JSON.parse` of the same text: reading it with all checks and
 * finding its calls, and removing a tool and replacing a tenth of the results. Times are
 * processor times in ms, the best of several runs, since other work on the machine only ever adds.
 */
export async function run(): Promise<Table> {
  const rows = CASES.map(([name, text]) => {
    // As it comes from the socket: one flat string, not one that was put together.
    const hook = Buffer.from(`{"metadata":{"url":"/v1/messages"},"request_body":${text}}`).toString();
    const plain = bestMs(() => JSON.parse(hook));
    const reading = bestMs(() => readHookBody(hook));
    const read = readHookBody(hook);
    const decisions = decide(read);
    const rewriting = bestMs(() => {
      const result = rewriteProviderBody(readHookBody(hook), decisions);
      if (result.status !== 'rewritten') throw new Error('the measurement must rewrite');
    });
    return [
      name,
      round(hook.length / MEGABYTE),
      read.executed.length,
      round(plain),
      round(reading),
      round(reading / plain),
      round(rewriting),
      round(rewriting / plain),
    ];
  });
  return {
    title: 'Cost of a provider body against one JSON.parse',
    columns: ['body', 'MB', 'calls', 'JSON.parse ms', 'read ms', 'x', 'read and rewrite ms', 'x'],
    rows,
  };
}

function readHookBody(hook: string): ReadBody {
  const parsed = parseDocument(hook, { maxDepth: 200 });
  const body: JsonDocument | undefined = parsed.ok ? parsed.document.at(['request_body']) : undefined;
  const read = body && readProviderBody(body, '/v1/messages');
  if (read?.status !== 'read') throw new Error('the measurement must read its body');
  return read;
}

function decide(read: ReadBody) {
  const denied = read.executed.filter((_, index) => index % 10 === 0);
  return {
    strip: new Set([read.declared[0]?.key ?? '']),
    redact: new Map(denied.map((call) => [call.id, 'Denied by policy.'])),
  };
}

function bestMs(action: () => unknown): number {
  action();
  const times: number[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    const start = process.cpuUsage();
    action();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return Math.min(...times);
}

/** A history of calls as an agent sends it: prose with line breaks and quotes, many small results or few large ones. */
function history(calls: number, resultSize: number, image = 0): string {
  const prose = 'The file reads "so it is",\nand the next line reads on.\n'.repeat(8);
  const messages: unknown[] = [];
  for (let index = 0; index < calls; index += 1) {
    const id = `toolu_${index}`;
    const input = { path: `/srv/app/src/file_${index}.ts`, limit: 200, offset: index };
    const result = [{ type: 'text', text: prose.repeat(Math.ceil(resultSize / prose.length)).slice(0, resultSize) }];
    const picture = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0K'.repeat(image / 8) },
    };
    messages.push(
      {
        role: 'assistant',
        content: [
          { type: 'text', text: prose },
          { type: 'tool_use', id, name: 'Read', input },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: id, content: image > 0 ? [...result, picture] : result }],
      },
    );
  }
  const tools = Array.from({ length: 100 }, (_, index) => ({
    name: `mcp__server__tool_${index}`,
    description: prose,
    input_schema: { type: 'object', properties: { path: { type: 'string' }, limit: { type: 'integer' } } },
  }));
  return JSON.stringify({ model: 'claude', max_tokens: 1024, tools, messages });
}

const CASES: readonly [string, string][] = [
  ['1 MB, small results', history(500, 1200)],
  ['1 MB, 200 calls', history(200, 4200)],
  ['10 MB, 200 calls', history(200, 51_000)],
  ['10 MB, images', history(20, 1000, 512 * 1024)],
];
