import fc from 'fast-check';
import type { FormatId } from '../../src/tool-calls/index.js';

/** A generated body: valid for its provider, as text with lexemes that do not survive parsing and printing. */
export interface GeneratedBody {
  readonly format: FormatId;
  readonly url: string;
  readonly text: string;
}

/** What the results of generated bodies hold, and nothing else in them. */
export const RESULT_MARKER = /secret|iVBORw0KGgo=|"plain"/;

const NAMES = ['read', 'write', 'Bash', 'mcp__crm__find', 'no_tool_available'];
const toolNames = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 });

/** Replaced in the text by the content that it names, so that lexemes are in the text that JSON.stringify never writes. */
const RAW: Readonly<Record<string, string>> = {
  '@big@': '12345678901234567890123',
  '@float@': '1.0',
  '@huge@': '1e400',
  '@lone@': '"\\ud83d"',
  '@escaped@': '"\\u0041\\/\\u00e9"',
};
const raw = fc.constantFrom(...Object.keys(RAW));

function toText(body: unknown, indent: number | undefined): string {
  return JSON.stringify(body, null, indent).replace(/"(@\w+@)"/g, (_, key: string) => RAW[key] ?? key);
}

function bodies(format: FormatId, url: string, body: fc.Arbitrary<object>): fc.Arbitrary<GeneratedBody> {
  return fc
    .tuple(body, fc.constantFrom(undefined, 1, 2))
    .map(([value, indent]) => ({ format, url, text: toText(value, indent) }));
}

/** Present or not: an absent key differs from an undefined one only in text, and JSON.stringify leaves it out. */
function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

const schema = raw.map((odd) => ({ type: 'object', properties: { a: { maximum: odd } } }));
const input = fc.oneof(
  fc.constant({}),
  raw.map((odd) => ({ path: '/a', odd })),
);

/** One turn of the model: which tools it calls, at the same time. */
const turns = fc.array(fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }), { maxLength: 3 });

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } };
const cacheControl = { type: 'ephemeral' };

function anthropicBody(): fc.Arbitrary<object> {
  const content = fc.oneof(
    fc.constant('plain'),
    fc.constant([{ type: 'text', text: 'a' }, image]),
    fc.constant(undefined),
  );
  const history = turns.chain((names) =>
    fc.tuple(fc.constant(names), fc.array(fc.tuple(input, content, fc.boolean()), { minLength: 9, maxLength: 9 })),
  );
  return fc
    .record({
      names: toolNames,
      deferred: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      cached: fc.nat({ max: 3 }),
      schema,
      mcp: fc.boolean(),
      toolset: fc.boolean(),
      addition: fc.constantFrom('none', 'reference', 'definition'),
      history,
      choice: fc.constantFrom('none', 'auto', 'any', 'tool'),
      odd: raw,
    })
    .map((g) => {
      const tools: Record<string, unknown>[] = g.names.map((name, index) => {
        const isDeferred = index > 0 && g.deferred[index];
        return {
          name,
          description: 'describes Bash and others',
          input_schema: g.schema,
          ...(isDeferred ? { defer_loading: true } : g.cached === index ? { cache_control: cacheControl } : {}),
        };
      });
      if (g.toolset)
        tools.push({ type: 'computer_toolset_20260801', configs: { screenshot: { enabled: true }, key: {} } });
      const configs = { find: { enabled: true }, drop: {} };
      if (g.mcp) tools.push({ type: 'mcp_toolset', mcp_server_name: 'crm', configs });
      let id = 0;
      const [turnNames, contents] = g.history;
      const messages: unknown[] = [{ role: 'user', content: 'go' }];
      const [first] = g.names;
      if (g.addition === 'reference') {
        messages.push({
          role: 'system',
          content: [
            { type: 'tool_addition', tool: { type: 'tool_reference', name: first }, cache_control: cacheControl },
          ],
        });
      } else if (g.addition === 'definition') {
        const definition = { name: 'inline_tool', input_schema: g.schema };
        messages.push({
          role: 'system',
          content: [{ type: 'tool_addition', tool: { type: 'tool_definition', definition } }],
        });
      }
      for (const calls of turnNames) {
        const start = id;
        messages.push({
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
            ...calls.map((name) => ({ type: 'tool_use', id: `toolu_${id}`, name, input: contents[id++]?.[0] ?? {} })),
          ],
        });
        messages.push({
          role: 'user',
          content: [
            ...calls.map((_, index) => {
              const [, body, marked] = contents[start + index] ?? [{}, 'x', false];
              return {
                tool_use_id: `toolu_${start + index}`,
                type: 'tool_result',
                content: body,
                ...(marked && index === 0 && start === 0 ? { cache_control: cacheControl } : {}),
              };
            }),
            { type: 'text', text: 'reminder' },
          ],
        });
      }
      return {
        model: 'claude',
        max_tokens: 1024,
        tools,
        ...(g.mcp ? { mcp_servers: [{ type: 'url', name: 'crm', url: 'https://crm.example' }] } : {}),
        ...(g.choice === 'none'
          ? {}
          : {
              tool_choice: {
                type: g.choice,
                ...(g.choice === 'tool' ? { name: first } : {}),
                disable_parallel_tool_use: true,
              },
            }),
        metadata: { odd: g.odd },
        messages,
      };
    });
}

function chatBody(): fc.Arbitrary<object> {
  const args = fc.constantFrom('{"path":"/a"}', '', '{"a":', '"x"', '{ "n": 1.0 }', '{"a":1,"a":2}');
  return fc
    .record({
      names: toolNames,
      custom: fc.boolean(),
      schema,
      turns,
      args: fc.array(args, { minLength: 9, maxLength: 9 }),
      parts: fc.boolean(),
      choice: fc.constantFrom('none', 'auto', 'required', 'forced', 'allowed'),
      parallel: maybe(fc.boolean()),
      functions: maybe(toolNames),
      functionCall: fc.boolean(),
      search: fc.boolean(),
      odd: raw,
    })
    .map((g) => {
      const tools = g.names.map((name, index) =>
        g.custom && index === 1
          ? { type: 'custom', custom: { name, format: { type: 'text' } } }
          : { type: 'function', function: { name, description: 'uses Bash', parameters: g.schema } },
      );
      const selectors = tools.map((tool) =>
        tool.type === 'custom'
          ? { type: 'custom', custom: { name: tool.custom?.name } }
          : { type: 'function', function: { name: tool.function?.name } },
      );
      const choices: Record<string, unknown> = {
        none: undefined,
        auto: 'auto',
        required: 'required',
        forced: selectors[0],
        allowed: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: selectors.slice(0, 2) } },
      };
      let id = 0;
      const messages: unknown[] = [{ role: 'user', content: 'go' }];
      for (const calls of g.turns) {
        const start = id;
        messages.push({
          role: 'assistant',
          content: null,
          tool_calls: calls.map((name) => ({
            id: `call_${id}`,
            type: 'function',
            function: { name, arguments: g.args[id++] ?? '' },
          })),
        });
        for (const index of calls.keys()) {
          const content = g.parts ? [{ type: 'text', text: 'secret' }] : 'secret';
          messages.push({ role: 'tool', tool_call_id: `call_${start + index}`, content });
        }
      }
      return {
        model: 'gpt',
        odd: g.odd,
        messages,
        tools,
        tool_choice: choices[g.choice],
        parallel_tool_calls: g.parallel,
        functions: g.functions?.map((name) => ({ name, parameters: {} })),
        function_call: g.functions && g.functionCall ? { name: g.functions[0] } : undefined,
        web_search_options: g.search ? {} : undefined,
      };
    });
}

function responsesBody(): fc.Arbitrary<object> {
  const kinds = fc.constantFrom('function', 'custom', 'shell', 'apply_patch', 'namespaced');
  return fc
    .record({
      names: toolNames,
      deferred: fc.boolean(),
      namespace: maybe(toolNames),
      mcp: fc.constantFrom('none', 'open', 'allowed', 'filter'),
      hosted: fc.boolean(),
      additional: maybe(toolNames),
      turns: fc.array(fc.array(kinds, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
      interleaved: fc.boolean(),
      stateful: fc.boolean(),
      choice: fc.constantFrom('none', 'auto', 'forced', 'allowed', 'mcp', 'hosted'),
      parallel: maybe(fc.boolean()),
      odd: raw,
    })
    .map((g) => {
      const tools: Record<string, unknown>[] = g.names.map((name, index) => ({
        type: 'function',
        name,
        parameters: {},
        ...(g.deferred && index > 0 ? { defer_loading: true } : {}),
      }));
      if (g.namespace) {
        const children = g.namespace.map((name) => ({ type: 'function', name }));
        tools.push({ type: 'namespace', name: 'mcp__crm', description: 'crm', tools: children });
      }
      if (g.mcp !== 'none') {
        const allowed = { open: undefined, allowed: ['find', 'drop'], filter: { tool_names: ['find'] } }[g.mcp];
        tools.push({ type: 'mcp', server_label: 'wiki', server_url: 'https://wiki.example', allowed_tools: allowed });
      }
      if (g.hosted) tools.push({ type: 'web_search_preview' });
      const input: unknown[] = [{ role: 'user', content: 'go' }];
      if (g.additional) {
        const added = g.additional.map((name) => ({ type: 'custom', name: `more_${name}` }));
        input.push({ type: 'additional_tools', role: 'developer', tools: added });
      }
      if (g.mcp === 'open') {
        input.push({
          type: 'mcp_list_tools',
          id: 'l',
          server_label: 'wiki',
          tools: [{ name: 'find' }, { name: 'drop' }],
        });
      }
      let id = 0;
      for (const calls of g.turns) {
        const pairs = calls.map((kind) => responsesPair(kind, `call_${id++}`, g.names[0] ?? ''));
        if (g.interleaved) input.push(...pairs.flat());
        else input.push(...pairs.map(([call]) => call), ...pairs.map(([, output]) => output));
        input.push({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'ok' }] });
      }
      const outputsOnly = input.filter((item) => /_output$/.test((item as { type?: string }).type ?? ''));
      const [first] = g.names;
      const forced = { type: 'function', name: first };
      const choices: Record<string, unknown> = {
        none: undefined,
        auto: 'auto',
        forced,
        allowed: { type: 'allowed_tools', mode: 'auto', tools: [forced] },
        mcp: g.mcp === 'none' ? 'auto' : { type: 'mcp', server_label: 'wiki' },
        hosted: g.hosted ? { type: 'web_search_preview' } : 'auto',
      };
      return {
        model: 'gpt',
        instructions: 'describes Bash',
        input: g.stateful ? outputsOnly : input,
        previous_response_id: g.stateful ? 'resp_1' : undefined,
        metadata: { odd: g.odd },
        tools,
        tool_choice: choices[g.choice],
        parallel_tool_calls: g.parallel,
      };
    });
}

function responsesPair(kind: string, id: string, name: string): [object, object] {
  switch (kind) {
    case 'custom':
      return [
        { type: 'custom_tool_call', call_id: id, name, input: 'free text' },
        { type: 'custom_tool_call_output', call_id: id, output: [{ type: 'input_image', image_url: 'data:,' }] },
      ];
    case 'shell':
      return [
        { type: 'shell_call', call_id: id, action: { commands: ['ls'] }, status: 'completed' },
        {
          type: 'shell_call_output',
          call_id: id,
          output: [{ stdout: 'secret', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
        },
      ];
    case 'apply_patch':
      return [
        { type: 'apply_patch_call', call_id: id, operation: { type: 'delete_file', path: '/a' } },
        { type: 'apply_patch_call_output', call_id: id, status: 'completed' },
      ];
    case 'namespaced':
      return [
        { type: 'function_call', id: `fc_${id}`, call_id: id, namespace: 'mcp__crm', name, arguments: '{"a":1.0}' },
        { type: 'function_call_output', call_id: id, output: 'secret', caller: { type: 'direct' } },
      ];
    default:
      return [
        { type: 'function_call', id: `fc_${id}`, call_id: id, name, arguments: '' },
        { type: 'function_call_output', call_id: id, output: 'secret' },
      ];
  }
}

function geminiBody(): fc.Arbitrary<object> {
  return fc
    .record({
      names: toolNames,
      split: fc.boolean(),
      snake: fc.boolean(),
      hosted: fc.boolean(),
      mode: fc.constantFrom('none', 'AUTO', 'ANY', 'VALIDATED'),
      allowed: fc.boolean(),
      retrieval: fc.boolean(),
      turns,
      withIds: fc.boolean(),
      wrapped: fc.boolean(),
      schema,
      odd: raw,
    })
    .map((g) => {
      const key = (camel: string, snake: string) => (g.snake ? snake : camel);
      const declarations = g.names.map((name) => ({ name, description: 'like Bash', parameters: g.schema }));
      const listKey = key('functionDeclarations', 'function_declarations');
      const tools: Record<string, unknown>[] = g.split
        ? declarations.map((declaration) => ({ [listKey]: [declaration] }))
        : [{ [listKey]: declarations }];
      if (g.hosted) tools.push({ [key('googleSearch', 'google_search')]: {} });
      const config = {
        mode: g.mode,
        ...(g.allowed && (g.mode === 'ANY' || g.mode === 'VALIDATED')
          ? { [key('allowedFunctionNames', 'allowed_function_names')]: g.names.slice(0, 2) }
          : {}),
      };
      let id = 0;
      const contents: unknown[] = [{ role: 'user', parts: [{ text: 'go' }] }];
      for (const calls of g.turns) {
        const ids = calls.map(() => (g.withIds ? `fc${id++}` : undefined));
        const callParts = calls.map((name, index) => ({
          [key('functionCall', 'function_call')]: {
            id: ids[index],
            name,
            args: index === 0 ? undefined : { a: g.odd },
          },
          ...(index === 0 ? { thoughtSignature: 'c2ln' } : {}),
        }));
        const resultParts = calls.map((name, index) => ({
          [key('functionResponse', 'function_response')]: {
            id: ids[index],
            name,
            response: { output: 'secret' },
            parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
          },
        }));
        contents.push({ role: 'model', parts: callParts }, { role: 'user', parts: resultParts });
      }
      const request = {
        contents,
        generationConfig: { odd: g.odd },
        tools,
        ...(g.mode === 'none'
          ? {}
          : {
              [key('toolConfig', 'tool_config')]: {
                [key('functionCallingConfig', 'function_calling_config')]: config,
                ...(g.retrieval ? { retrievalConfig: { languageCode: 'en' } } : {}),
              },
            }),
      };
      return g.wrapped ? { model: 'gemini', project: 'p', request } : request;
    });
}

function interactionsBody(): fc.Arbitrary<object> {
  const result = fc.constantFrom('secret', [{ type: 'text', text: 'secret' }], { output: 'secret' });
  return fc
    .record({
      names: toolNames,
      hosted: fc.boolean(),
      mcp: fc.constantFrom('none', 'open', 'allowed'),
      choice: fc.constantFrom('none', 'any', 'allowed'),
      turns,
      results: fc.array(result, { minLength: 9, maxLength: 9 }),
      image: fc.boolean(),
      held: fc.boolean(),
      odd: raw,
    })
    .map((g) => {
      const tools: Record<string, unknown>[] = g.names.map((name) => ({ type: 'function', name, parameters: {} }));
      if (g.hosted) tools.push({ type: 'google_search' });
      if (g.mcp !== 'none') {
        const allowed = g.mcp === 'open' ? undefined : [{ mode: 'auto', tools: ['find', 'drop'] }];
        tools.push({ type: 'mcp_server', name: 'wiki', url: 'https://wiki.example', allowed_tools: allowed });
      }
      const choice = g.choice === 'any' ? 'any' : { allowed_tools: { mode: 'auto', tools: g.names.slice(0, 2) } };
      const image = { type: 'image', mime_type: 'image/png', data: 'YQ==' };
      const input: unknown[] = [
        { type: 'user_input', content: [{ type: 'text', text: 'go' }, ...(g.image ? [image] : [])] },
      ];
      let id = 0;
      for (const calls of g.turns) {
        const start = id;
        input.push({ type: 'thought', signature: 'c2ln' });
        for (const name of calls) {
          input.push({ type: 'function_call', id: `fc${id}`, name, arguments: id % 2 ? { odd: g.odd } : {} });
          id += 1;
        }
        for (const [index, name] of calls.entries()) {
          const value = g.results[start + index];
          input.push({ type: 'function_result', call_id: `fc${start + index}`, name, result: value });
        }
        if (g.image) input.push({ type: 'user_input', content: [image] });
        input.push({ type: 'model_output', content: [{ type: 'text', text: 'ok' }] });
      }
      const results = input.filter((step) => (step as { type: string }).type === 'function_result');
      return {
        model: 'gemini',
        input: g.held ? results : input,
        previous_interaction_id: g.held ? 'v1_x' : undefined,
        tools,
        generation_config: { odd: g.odd, ...(g.choice === 'none' ? {} : { tool_choice: choice }) },
      };
    });
}

function converseBody(): fc.Arbitrary<object> {
  const content = fc.constantFrom(
    [{ text: 'secret' }],
    [{ json: { a: 1 } }],
    [{ text: 'secret' }, { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } }],
  );
  return fc
    .record({
      names: toolNames,
      system: fc.boolean(),
      cachePoint: fc.nat({ max: 4 }),
      choice: fc.constantFrom('none', 'auto', 'any', 'tool'),
      turns,
      contents: fc.array(content, { minLength: 9, maxLength: 9 }),
      native: fc.boolean(),
      schema,
      odd: raw,
    })
    .map((g) => {
      const tools: unknown[] = g.names.map((name) => ({
        toolSpec: { name, description: 'says Bash', inputSchema: { json: g.schema } },
      }));
      if (g.system) tools.push({ systemTool: { name: 'nova_grounding' } });
      if (g.cachePoint > 0) tools.splice(Math.min(g.cachePoint, tools.length), 0, { cachePoint: { type: 'default' } });
      const choices: Record<string, unknown> = {
        auto: { auto: {} },
        any: { any: {} },
        tool: { tool: { name: g.names[0] } },
      };
      let id = 0;
      const messages: unknown[] = [{ role: 'user', content: [{ text: 'go' }] }];
      for (const calls of g.turns) {
        const start = id;
        messages.push({
          role: 'assistant',
          content: calls.map((name) => ({ toolUse: { toolUseId: `t${id++}`, name, input: { odd: g.odd } } })),
        });
        messages.push({
          role: 'user',
          content: calls.map((_, index) => ({
            toolResult: { toolUseId: `t${start + index}`, content: g.contents[start + index], status: 'success' },
          })),
        });
      }
      return {
        messages,
        inferenceConfig: { maxTokens: 100 },
        toolConfig: { tools, toolChoice: choices[g.choice] },
        ...(g.native
          ? { additionalModelRequestFields: { tools: [{ type: 'computer_20250124', name: 'computer' }], odd: g.odd } }
          : {}),
      };
    });
}

/** Generators of bodies by format. A format without one is tested by the cases of its folder. */
export const PROVIDER_BODIES = {
  'anthropic-messages': bodies('anthropic-messages', 'https://ai.example/v1/messages?beta=true', anthropicBody()),
  'openai-chat': bodies('openai-chat', '/v1/chat/completions', chatBody()),
  'openai-responses': bodies('openai-responses', '/v1/responses', responsesBody()),
  gemini: bodies('gemini', '/v1beta/models/gemini-3:generateContent', geminiBody()),
  'gemini-interactions': bodies('gemini-interactions', '/v1beta/interactions', interactionsBody()),
  'bedrock-converse': bodies('bedrock-converse', '/model/eu.anthropic.claude%3A0/converse', converseBody()),
} satisfies Readonly<Partial<Record<FormatId, fc.Arbitrary<GeneratedBody>>>>;

/** A format with generated bodies. */
export type GeneratedFormat = keyof typeof PROVIDER_BODIES;
