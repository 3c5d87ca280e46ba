import { z } from 'zod';

/**
 * The parts of a generateContent body that the rules look at. Google reads proto3 JSON, so snake_case keys count as
 * their camelCase twins: bodies are put into camelCase along the known keys before they are checked.
 */

const struct = z.record(z.string(), z.unknown());
const anything = z.unknown().optional();

const functionCall = z.looseObject({ id: z.string().optional(), name: z.string(), args: struct.nullish() });
const functionResponse = z.looseObject({
  id: z.string().optional(),
  name: z.string(),
  response: struct,
  parts: z.array(struct).optional(),
});

export const PART_DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
] as const;

const part = z.looseObject({
  text: z.string().optional(),
  functionCall: functionCall.optional(),
  functionResponse: functionResponse.optional(),
  thoughtSignature: z.string().optional(),
});

export type GeminiPart = z.infer<typeof part>;

const content = z.looseObject({ role: z.enum(['user', 'model', 'function']).optional(), parts: z.array(part) });

export type GeminiContent = z.infer<typeof content>;

const declaration = z.looseObject({ name: z.string(), parameters: anything, parametersJsonSchema: anything });

const tool = z.looseObject({ functionDeclarations: z.array(declaration).optional() });

export const geminiShape = z.strictObject({
  contents: z.array(content).optional(),
  tools: z.array(tool).optional(),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({
          mode: z.enum(['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED']).optional(),
          allowedFunctionNames: z.array(z.string()).optional(),
        })
        .optional(),
    })
    .optional(),
  systemInstruction: z.union([z.string(), z.looseObject({ parts: z.array(part).optional() })]).optional(),
  generationConfig: anything,
  safetySettings: anything,
  cachedContent: z.string().optional(),
  labels: anything,
  model: anything,
  serviceTier: anything,
  store: anything,
  modelArmorConfig: anything,
});

export type GeminiBody = z.infer<typeof geminiShape>;

const SNAKE_KEYS = new Map(
  [
    'functionDeclarations',
    'functionCall',
    'functionResponse',
    'toolConfig',
    'functionCallingConfig',
    'allowedFunctionNames',
    'systemInstruction',
    'generationConfig',
    'safetySettings',
    'cachedContent',
    'serviceTier',
    'thoughtSignature',
    'inlineData',
    'fileData',
    'executableCode',
    'codeExecutionResult',
    'toolCall',
    'toolResponse',
    'parametersJsonSchema',
    'googleSearch',
    'googleSearchRetrieval',
    'codeExecution',
    'urlContext',
    'googleMaps',
    'computerUse',
    'fileSearch',
    'mcpServers',
  ].map((key) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), key]),
);

/** Members whose own keys are data, not protocol. */
const DATA_MEMBERS = new Set(['args', 'response', 'parameters', 'parametersJsonSchema', 'responseSchema']);

/** Known snake_case keys as camelCase; data such as call arguments is unchanged. */
export function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const name = SNAKE_KEYS.get(key) ?? key;
      return [name, DATA_MEMBERS.has(name) ? member : inCamelCase(member)];
    }),
  );
}
