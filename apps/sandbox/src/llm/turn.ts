/** One tool call that a scripted model turn makes. */
export interface ScriptedCall {
  name: string;
  /** Arguments of a function tool. Absent means a call without arguments. */
  args?: Record<string, unknown>;
  /** The argument text exactly as the model would emit it, for formats that carry text: `""`, truncated JSON and so on. */
  rawArguments?: string;
  /** Free text of an OpenAI custom tool. A call with `input` is a custom call. */
  input?: string;
  /** OpenAI Responses: the namespace that the tool is declared in. */
  namespace?: string;
  /** The call id; made up in the provider's style when absent. */
  id?: string;
}

/** One reply of the model. Calls run in parallel, as providers send them. */
export interface Turn {
  /** Signed reasoning that the client must send back unchanged, where the provider has such a thing. */
  thinking?: string;
  text?: string;
  calls?: ScriptedCall[];
  /** The provider fails instead of answering. */
  error?: { status: number; message: string };
}

/** The argument text of a call in formats whose arguments are a JSON string. */
export function argumentText(call: ScriptedCall): string {
  return call.rawArguments ?? JSON.stringify(call.args ?? {});
}

/** Cuts text into pieces of `size` characters, so that streams split tokens where nobody expects it. */
export function pieces(text: string, size = 7): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
}
