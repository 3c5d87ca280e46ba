/**
 * A tool that does nothing. It stands in a request that must not be without tools although every tool was removed.
 * The name is one that no client uses; a tail is added should one do so after all.
 */
export function stubToolName(taken: ReadonlySet<string>): string {
  let name = 'no_tool_available';
  while (taken.has(name)) name += '_';
  return name;
}

/** Tells the model why the tool is there. */
export const STUB_TOOL_DESCRIPTION = 'No tool is available. Do not call this.';
