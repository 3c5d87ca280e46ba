import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';

/** The question to the person, as an elicitation by form. */
export function questionParams(message: string, server: string, tool: string): JsonObject {
  return {
    mode: 'form',
    message: `${message}\n\nTool: ${tool} (server ${server})`,
    requestedSchema: {
      type: 'object',
      properties: { confirm: { type: 'boolean', title: 'Run this call', description: 'It runs once, as it is now.' } },
      required: ['confirm'],
    },
  };
}

/** Whether the person has confirmed. Everything but a plain yes is a no. */
export function isConfirmed(response: Json | undefined): boolean {
  if (!isJsonObject(response) || response.action !== 'accept') return false;
  return isJsonObject(response.content) && response.content.confirm === true;
}

/** Whether a client shows forms: its capability `elicitation` is empty, or names them. */
export function showsForms(capabilities: Json | undefined): boolean {
  const elicitation = isJsonObject(capabilities) ? capabilities.elicitation : undefined;
  return isJsonObject(elicitation) && (Object.keys(elicitation).length === 0 || isJsonObject(elicitation.form));
}

export const NOT_CONFIRMED = 'The call was not confirmed by the person. [nobody_to_ask]';
