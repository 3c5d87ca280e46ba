/**
 * A tool that does nothing. It is in a request that must not be without tools although every tool was removed.
 * The name is one that no client uses; a tail is added should one do so after all.
 */
export function stubToolName(taken: ReadonlySet<string>): string {
  let name = 'no_tool_available';
  while (taken.has(name)) name += '_';
  return name;
}

/** Explains the tool to the model. */
export const STUB_TOOL_DESCRIPTION = 'No tool is available. Do not call this.';
