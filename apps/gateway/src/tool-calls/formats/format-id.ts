// Made by `npm run generate` from the folders of formats; do not edit.

/** Formats of provider bodies. */
export type FormatId =
  | 'anthropic-messages'
  | 'bedrock-converse'
  | 'gemini'
  | 'gemini-interactions'
  | 'openai-chat'
  | 'openai-responses';
