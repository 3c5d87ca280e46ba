import type { ToolCall } from '@iris/contracts';

/** Tools that read from, write to or stop what another call started, by the parameter that names it. */
const CONTINUATION =
  /^(?:BashOutput|TaskOutput|AgentOutputTool|KillShell|KillBash|TaskStop|Monitor|write_stdin|read_(?:process_|terminal_)?output|get_(?:terminal|process)_output)$/;

/** How many earlier calls a continuation may belong to; the newest count. */
const MAX_CONTINUED = 50;

/**
 * The calls that a call may continue: those of the history before it that continue after their result. Which one of them it
 * is is in free text of a result, so all of them count. Linear in the number of calls.
 */
export class ContinuedCalls {
  readonly #before = new WeakMap<ToolCall, readonly ToolCall[]>();

  /** Takes note of the calls of one hook, in the order of its history. */
  note(calls: readonly ToolCall[]): void {
    let running: readonly ToolCall[] = [];
    for (const call of calls) {
      if (CONTINUATION.test(call.name)) {
        if (running.length > 0) this.#before.set(call, running);
      } else if (mayGoOn(call)) running = [...running.slice(1 - MAX_CONTINUED), call];
    }
  }

  of(call: ToolCall): readonly ToolCall[] {
    return this.#before.get(call) ?? [];
  }
}

/** A call that is started in the background, or whose process has a session of its own. */
function mayGoOn({ name, params }: ToolCall): boolean {
  if (params === undefined) return false;
  if (/^(?:exec_command|shell_command|container\.exec|terminal|start_process)$/.test(name)) return true;
  if (
    Object.entries(params).some(
      ([key, value]) => /^(?:run_in_|is_)?background$|^async$|^detached?$/i.test(key) && value !== false,
    )
  ) {
    return true;
  }
  const { command } = params;
  return typeof command === 'string' && /(?:^|[^&>|])&(?![&>])/.test(command.slice(0, 32_768));
}
