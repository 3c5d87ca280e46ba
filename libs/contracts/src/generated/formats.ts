// Made by `npm run generate` from the folders of formats; do not edit.

/** Formats of provider bodies. */
export const FORMAT_IDS = [
  'anthropic-messages',
  'bedrock-converse',
  'gemini',
  'gemini-interactions',
  'openai-chat',
  'openai-responses',
] as const;

/** A format of provider bodies. */
export type FormatId = (typeof FORMAT_IDS)[number];
