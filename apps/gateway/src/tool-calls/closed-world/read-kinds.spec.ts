import { describe, expect, it } from '@jest/globals';
import type { FormatKinds, Union } from './kinds.js';
import { readKinds } from './read-kinds.js';

const blocks: Union = { by: 'type', kinds: { text: 'harmless', tool_use: 'call', tool_result: 'result' } };
const parts: Union = { by: { key: true }, kinds: { text: 'harmless', functionCall: 'call', thought: 'metadata' } };
const messages: Union = {
  by: 'role',
  unlisted: 'unreadable',
  kinds: {
    user: { kind: 'harmless', fields: { content: { union: blocks, holds: 'calls', orText: true } } },
    model: { kind: 'harmless', fields: { parts: { union: parts, holds: 'calls', orObject: true } } },
  },
  untyped: { parts: 'model' },
};
const KINDS: FormatKinds = {
  fields: {
    model: 'plain',
    messages: { union: messages, holds: 'calls', orObject: true },
    tools: { union: { by: 'type', kinds: { custom: 'declared_tool' }, untyped: { '*': 'custom' } }, holds: 'tools' },
    toolConfig: { fields: { list: { union: parts, holds: 'tools' } } },
  },
  names: ['messages', 'tools', 'toolConfig', 'role', 'content', 'parts', 'type', 'name', 'functionCall'],
};
const BOTH: FormatKinds = { ...KINDS, bothSpellings: true };

function shown(kinds: FormatKinds, body: object) {
  const reading = readKinds(kinds, body as never);
  if (reading.status === 'unreadable') return `${reading.path.join('.')}: ${reading.problem}`;
  return {
    calls: reading.calls.map(({ type, paths }) => [type, ...paths.map((path) => path.join('.'))]),
    tools: reading.tools,
  };
}

describe('readKinds', () => {
  it('returns the very body when every kind is listed', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: [{ type: 'text' }] }], tools: [{ name: 'a' }] };
    const reading = readKinds(KINDS, body as never);
    expect(reading).toMatchObject({ status: 'read', calls: [], tools: [], unknownFields: [] });
    expect(reading.status === 'read' && reading.body).toBe(body);
  });

  it.each([
    [
      { messages: [{ role: 'user', content: [{ type: 'new_call' }, { type: 'new_call' }] }] },
      [['new_call', 'messages.0.content.0', 'messages.0.content.1']],
      [],
    ],
    [{ messages: [{ role: 'user', content: [{ toolResult: {} }] }] }, [['toolResult', 'messages.0.content.0']], []],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', toolUse: { a: 1 } }] }] },
      [['toolUse', 'messages.0.content.0']],
      [],
    ],
    [{ messages: [{ role: 'user', content: 'x', tool_calls: [{}] }] }, [['tool_calls', 'messages.0']], []],
    [{ messages: [{ role: 'user', content: 'x', tool_calls: [] }] }, [], []],
    [{ messages: [{ parts: [{ text: 'a', other: 1 }] }] }, [['other', 'messages.0.parts.0']], []],
    [{ tools: [{ type: 'web_9' }, { name: 'b' }] }, [], ['web_9']],
    [{ toolConfig: { list: [{ text: 'a' }, { newTool: {} }] } }, [], ['newTool']],
  ])('names every node of a kind that is not listed: %j', (body, calls, tools) => {
    expect(shown(KINDS, body)).toEqual({ calls, tools });
  });

  it.each([
    [{ messages: [{ role: 'Tool' }] }, 'messages.0.role: "Tool" is no known role'],
    [{ messages: [{ role: 'tool ' }] }, 'messages.0.role: "tool " is no known role'],
    [{ messages: [{ role: 7 }] }, 'messages.0: "role" is missing or is not a text'],
    [{ messages: [null] }, 'messages.0: an object is expected'],
    [{ messages: 'x' }, 'messages: a list is expected'],
    [{ messages: [{ role: 'user', content: { type: 'text' } }] }, 'messages.0.content: a list is expected'],
    [
      { messages: [{ role: 'user', content: [{ type: 1, a: 1 }] }] },
      'messages.0.content.0: "type" is missing or is not a text',
    ],
    [{ messages: [], Messages: [] }, 'Messages: "Messages" is written unlike "messages"'],
    [{ messages: [{ role: 'user', Content: 'x' }] }, 'messages.0.Content: "Content" is written unlike "content"'],
    [{ 'tool\u017f': [] }, 'tool\u017f: "tool\u017f" is written unlike "tools"'],
    [{ tool_config: {} }, 'tool_config: "tool_config" is written unlike "toolConfig"'],
    [{ toolConfig: [] }, 'toolConfig: an object is expected'],
  ])('refuses a shape that cannot be named: %j', (body, problem) => {
    expect(shown(KINDS, body)).toBe(problem);
  });

  it('reads one object as a list of one, and leads edits back to it', () => {
    const body = { messages: { role: 'model', parts: { other: 1 } } };
    const reading = readKinds(KINDS, body as never);
    if (reading.status !== 'read') throw new Error(reading.problem);
    expect(reading.body).toEqual({ messages: [{ role: 'model', parts: [{ other: 1 }] }] });
    expect(reading.calls[0]?.paths).toEqual([['messages', 'parts']]);
    expect(reading.paths.of(['messages', 0, 'parts', 0, 'x'])).toEqual(['messages', 'parts', 'x']);
    expect(reading.paths.edit({ op: 'append', path: ['messages'], json: '1' })).toBeUndefined();
  });

  it('reads both spellings where the provider takes both, and refuses one field in two', () => {
    const body = { tool_config: { list: [{ text: 'a' }] }, messages: [{ parts: [{ function_call: {} }] }] };
    const reading = readKinds(BOTH, body as never);
    if (reading.status !== 'read') throw new Error(reading.problem);
    expect(reading).toMatchObject({ calls: [], unknownFields: [] });
    expect(reading.body.toolConfig).toEqual(body.tool_config);
    expect(reading.paths.of(['messages', 0, 'parts', 0, 'functionCall', 'args'])).toEqual([
      'messages',
      0,
      'parts',
      0,
      'function_call',
      'args',
    ]);
    expect(shown(BOTH, { ...body, toolConfig: {} })).toBe('tool_config: "tool_config" and "toolConfig" are one field');
    expect(shown(BOTH, { Tool_Config: {} })).toMatch('is written unlike');
  });

  it('reports unknown top-level fields, bounded in count and length', () => {
    const body = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`${index}${'x'.repeat(80)}`, 1]));
    const reading = readKinds(KINDS, { new_switch: true, ...body });
    expect(reading).toMatchObject({ status: 'read' });
    if (reading.status !== 'read') return;
    expect(reading.unknownFields[0]).toBe('new_switch');
    expect(reading.unknownFields).toHaveLength(50);
    expect(reading.unknownFields.every((field) => field.length <= 64)).toBe(true);
  });

  it('refuses a body with too many kinds that are not listed', () => {
    const content = Array.from({ length: 60 }, (_, index) => ({ type: `t${index}` }));
    expect(shown(KINDS, { messages: [{ role: 'user', content }] })).toMatch('more than 50 kinds are not recognised');
  });
});
