import { z } from 'zod';

/** The parts of a Bedrock Converse body that the rules look at. Blocks are unions with exactly one member set. */

const record = z.record(z.string(), z.unknown());
const anything = z.unknown().optional();

const toolUse = z.looseObject({
  toolUseId: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+'),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+'),
  input: record,
  type: z.string().optional(),
});

const resultContent = z.looseObject({ text: z.string().optional(), json: anything });

const toolResult = z.looseObject({
  toolUseId: z.string(),
  content: z.array(resultContent),
  status: z.enum(['success', 'error']).optional(),
  type: z.string().optional(),
});

const block = z.looseObject({
  text: z.string().optional(),
  toolUse: toolUse.optional(),
  toolResult: toolResult.optional(),
});

const message = z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: z.array(block) });

export type ConverseMessage = z.infer<typeof message>;

const tool = z.looseObject({
  toolSpec: z.looseObject({ name: z.string(), inputSchema: z.looseObject({ json: record }) }).optional(),
  systemTool: z.looseObject({ name: z.string() }).optional(),
  cachePoint: z.looseObject({ type: z.string() }).optional(),
});

export type ConverseTool = z.infer<typeof tool>;

export const converseShape = z.looseObject({
  messages: z.array(message).optional(),
  system: z.array(record).optional(),
  toolConfig: z
    .looseObject({
      tools: z.array(tool),
      toolChoice: z
        .looseObject({
          auto: record.optional(),
          any: record.optional(),
          tool: z.looseObject({ name: z.string() }).optional(),
        })
        .optional(),
    })
    .optional(),
  additionalModelRequestFields: z.looseObject({ tools: z.array(record).optional() }).optional(),
});

export type ConverseBody = z.infer<typeof converseShape>;
