import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { FormatKinds, Union } from '../../src/tool-calls/closed-world/index.js';
import * as anthropic from '../../src/tool-calls/formats/anthropic-messages/kinds.js';
import * as converse from '../../src/tool-calls/formats/bedrock-converse/kinds.js';
import * as gemini from '../../src/tool-calls/formats/gemini/kinds.js';
import * as interactions from '../../src/tool-calls/formats/gemini-interactions/kinds.js';
import * as chat from '../../src/tool-calls/formats/openai-chat/kinds.js';
import * as responses from '../../src/tool-calls/formats/openai-responses/kinds.js';
import { type Discriminator, unionMembers } from './union-members.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const TYPE = { property: 'type' };
const ROLE = { property: 'role' };
const MESSAGES = '@anthropic-ai/sdk/resources/messages/messages';
const BETA = '@anthropic-ai/sdk/resources/beta/messages/messages';
const CHAT = 'openai/resources/chat/completions/completions';
const RESPONSES = 'openai/resources/responses/responses';
const GENAI = '@google/genai';
const BEDROCK = '@aws-sdk/client-bedrock-runtime';

/** Which list of kinds has to name the members of which type of an SDK. */
const UNIONS: readonly (readonly [module: string, name: string, by: Discriminator, union: Union])[] = [
  [MESSAGES, 'ContentBlockParam', TYPE, anthropic.CONTENT_BLOCKS],
  [MESSAGES, 'ContentBlock', TYPE, anthropic.CONTENT_BLOCKS],
  [MESSAGES, 'ToolUnion', TYPE, anthropic.TOOLS],
  [MESSAGES, 'MessageParam', ROLE, anthropic.ROLES],
  [BETA, 'BetaContentBlockParam', TYPE, anthropic.CONTENT_BLOCKS],
  [BETA, 'BetaContentBlock', TYPE, anthropic.CONTENT_BLOCKS],
  [BETA, 'BetaToolUnion', TYPE, anthropic.TOOLS],
  [BETA, 'BetaMessageParam', ROLE, anthropic.ROLES],
  [CHAT, 'ChatCompletionMessageParam', ROLE, chat.ROLES],
  [CHAT, 'ChatCompletionContentPart', TYPE, chat.CONTENT_PARTS],
  [CHAT, 'ChatCompletionContentPartRefusal', TYPE, chat.CONTENT_PARTS],
  [CHAT, 'ChatCompletionMessageToolCall', TYPE, chat.TOOL_CALLS],
  [CHAT, 'ChatCompletionTool', TYPE, chat.TOOLS],
  [RESPONSES, 'ResponseInputItem', TYPE, responses.ITEMS],
  [RESPONSES, 'ResponseOutputItem', TYPE, responses.ITEMS],
  [RESPONSES, 'ResponseItem', TYPE, responses.ITEMS],
  [RESPONSES, 'ResponseInputContent', TYPE, responses.CONTENT_PARTS],
  [RESPONSES, 'ResponseContent', TYPE, responses.CONTENT_PARTS],
  [RESPONSES, 'Tool', TYPE, responses.TOOLS],
  [GENAI, 'Part', 'keys', gemini.PARTS],
  [GENAI, 'Tool', 'keys', gemini.TOOLS],
  [GENAI, 'Interactions.Step', TYPE, interactions.STEPS],
  [GENAI, 'Interactions.Content', TYPE, interactions.STEPS],
  [GENAI, 'Interactions.Tool', TYPE, interactions.TOOLS],
  [BEDROCK, 'ContentBlock', 'keys', converse.CONTENT_BLOCKS],
  [BEDROCK, 'Tool', 'keys', converse.TOOLS],
];

/** Which format has to name the top-level fields of which request. Options of the SDK itself are left out. */
const REQUESTS: readonly (readonly [module: string, name: string, kinds: FormatKinds, options?: readonly string[]])[] =
  [
    [MESSAGES, 'MessageCreateParamsBase', anthropic.KINDS],
    [BETA, 'MessageCreateParamsBase', anthropic.KINDS],
    [CHAT, 'ChatCompletionCreateParamsBase', chat.KINDS],
    [RESPONSES, 'ResponseCreateParamsBase', responses.KINDS],
    [RESPONSES, 'ResponseCompactParams', responses.KINDS],
    [GENAI, 'Interactions.CreateModelInteractionParamsNonStreaming', interactions.KINDS, ['api_version']],
    [GENAI, 'Interactions.CreateAgentInteractionParamsNonStreaming', interactions.KINDS, ['api_version']],
    [BEDROCK, 'ConverseRequest', converse.KINDS],
  ];

describe('the kinds of each format', () => {
  const members = unionMembers(
    [
      ...UNIONS.map(([module, name, by]) => ({ module, name, by })),
      ...REQUESTS.map(([module, name]) => ({ module, name, by: 'keys' as const })),
    ],
    ROOT,
  );

  it.each(UNIONS.map(([module, name, , union], index) => [module, name, union, members[index] ?? []] as const))(
    'list every member of %s %s',
    (_module, _name, union, found) => {
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter((member) => !Object.hasOwn(union.kinds, member))).toEqual([]);
    },
  );

  it.each(
    REQUESTS.map(([module, name, kinds, options = []], index) => {
      const found = (members[UNIONS.length + index] ?? []).filter((field) => !options.includes(field));
      return [module, name, kinds, found] as const;
    }),
  )('list every field of %s %s', (_module, _name, kinds, found) => {
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter((field) => !Object.hasOwn(kinds.fields, field))).toEqual([]);
  });
});

describe('unionMembers', () => {
  function read(declaration: string, by: Discriminator, name = 'Block'): string[] | undefined {
    const root = mkdtempSync(join(tmpdir(), 'iris-unions-'));
    try {
      writeFileSync(join(root, 'package.json'), '{"type":"module"}');
      writeFileSync(join(root, 'sdk.d.ts'), declaration);
      return unionMembers([{ module: './sdk.js', name, by }], root)[0];
    } finally {
      rmSync(root, { recursive: true });
    }
  }

  it('finds the literals of a union, through aliases, optional and several ones', () => {
    const declaration = `
      interface Text { type: 'text' }
      interface Tool { type?: 'tool_a' | 'tool_b' | null }
      type Inner = Tool | Text;
      export type Block = Inner | { type: 'image' };`;
    expect(read(declaration, TYPE)).toEqual(['image', 'text', 'tool_a', 'tool_b']);
  });

  it('finds the keys of a union of single members, without the one for unknown members', () => {
    const declaration = `export declare namespace Block {
        type Known = { text: string; image?: never; $unknown?: never } | { image: object; text?: never };
      }`;
    expect(read(declaration, 'keys', 'Block.Known')).toEqual(['image', 'text']);
  });

  it('refuses a member that it cannot tell apart, and a type that is not there', () => {
    expect(() => read(`export type Block = { type: 'text' } | { kind: 'x' };`, TYPE)).toThrow(/no literal "type"/);
    expect(() => read(`export type Block = { type: string };`, TYPE)).toThrow(/no literal "type"/);
    expect(() => read('export type Other = 1;', TYPE)).toThrow(/Block cannot be resolved/);
  });
});
