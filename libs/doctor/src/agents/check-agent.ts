import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { parse as parseToml } from 'smol-toml';
import { type CheckOutcome, type Finding } from '../findings.js';
import { type AbsentIris, absentIrises } from './absent-iris.js';
import { runHook } from './agent-run.js';
import { type AgentSettings, type ConfiguredHook, SettingsError } from './agent-settings.js';
import { claudeSettings } from './claude-settings.js';
import { codexSettings } from './codex-settings.js';
import { copilotSettings } from './copilot-settings.js';
import { cursorSettings } from './cursor-settings.js';
import { geminiSettings } from './gemini-settings.js';
import { isFields } from './settings-fields.js';

const SETTINGS = {
  claude: claudeSettings,
  codex: codexSettings,
  copilot: copilotSettings,
  cursor: cursorSettings,
  gemini: geminiSettings,
};

/** The agents whose hooks can be checked. */
export const CHECKED_AGENTS = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];

export interface AgentCheckOptions {
  readonly agent: keyof typeof SETTINGS;
  /** Settings file; without it the first one that the agent reads and that is there. */
  readonly file?: string;
  /** Most time for one run of a hook, in ms; the agent may wait for longer. */
  readonly maxWaitMs: number;
}

/** An address in a command, up to its path. */
const ORIGIN = /https?:\/\/[^\s"'/]+/g;

/**
 * Whether a coding agent stops its calls without Iris: reads its settings, and runs the hook of each event as the agent
 * does, with an address at which Iris is not.
 */
export async function checkAgent({ agent, file, maxWaitMs }: AgentCheckOptions): Promise<CheckOutcome> {
  const check = `hooks of ${agent}`;
  const settings: AgentSettings = SETTINGS[agent];
  const found = await firstFile(file === undefined ? settings.files.map(inHome) : [file]);
  if (found === undefined) {
    const detail = `none of these files is there: ${file ?? settings.files.join(', ')}`;
    return { check, notes: [], findings: [{ id: 'agent_hook_missing', subject: agent, detail }] };
  }
  const warnings: Finding[] = [];
  let hooks: ConfiguredHook[];
  try {
    const values = parse(found);
    hooks = settings.hooksIn(values);
    const traps = settings.trapsIn(values, found.file);
    warnings.push(...traps.map((detail): Finding => ({ id: 'agent_hook_avoidable', subject: found.file, detail })));
  } catch (error) {
    const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { check, notes: [], findings: [{ id: 'agent_settings_unreadable', subject: found.file, detail }] };
  }
  const findings = settings.events
    .filter((event) => !hooks.some((hook) => hook.event === event && hook.coversAll))
    .map((event): Finding => {
      const partly = hooks.some((hook) => hook.event === event);
      const detail = partly ? 'no hook of this event covers every tool' : 'no hook of this event';
      return { id: 'agent_hook_missing', subject: event, detail };
    });
  // A hook of an event that precedes no call, such as PostToolUse, cannot stop anything.
  const stopping = hooks.filter(({ event }) => settings.events.includes(event) || event in EXTRA_EVENTS);
  findings.push(...(await Promise.all(stopping.map((hook) => tryAll(settings, hook, maxWaitMs)))).flat());
  return { check, notes: [found.file], findings, warnings };
}

/** Further events whose hooks are tried where the settings have them. */
const EXTRA_EVENTS: Readonly<Record<string, true>> = {
  PermissionRequest: true,
  permissionRequest: true,
  beforeTabFileRead: true,
};

/** One hook against every way in which Iris can be unavailable. */
async function tryAll(settings: AgentSettings, hook: ConfiguredHook, maxWaitMs: number): Promise<Finding[]> {
  const irises = await absentIrises();
  try {
    return (await Promise.all(irises.map((iris) => tryWithout(iris, settings, hook, maxWaitMs)))).flat();
  } finally {
    await Promise.all(irises.map((iris) => iris.close()));
  }
}

async function tryWithout(
  iris: AbsentIris,
  settings: AgentSettings,
  hook: ConfiguredHook,
  maxWaitMs: number,
): Promise<Finding[]> {
  const { event, command, failsClosed } = hook;
  if (command === undefined) {
    if (failsClosed) return [];
    const detail = `an HTTP hook without onFailure: block, while Iris ${iris.title}`;
    return [{ id: 'agent_fail_open', subject: event, detail }];
  }
  const timeoutMs = Math.min(hook.timeoutMs, maxWaitMs);
  const run = await runHook(settings.shell, command.replace(ORIGIN, iris.url), JSON.stringify(settings.sample(event)), {
    timeoutMs,
    environment: { IRIS_HOOK_KEY: 'iris-doctor', ...process.env, IRIS_HOOK_URL: iris.url },
  });
  if (run.timedOut) {
    if (failsClosed) return [];
    const detail = `no reply within ${timeoutMs} ms while Iris ${iris.title}; the agent stops waiting and runs the call`;
    return [{ id: 'agent_hook_late', subject: event, detail }];
  }
  const why = settings.whyItRuns(run, event, hook);
  if (why !== undefined) {
    return [{ id: 'agent_fail_open', subject: event, detail: `while Iris ${iris.title}, ${why}: the call runs` }];
  }
  if (iris.received() !== 0) return [];
  const printed = (run.stdout.trim() || run.stderr.trim()).slice(0, 300);
  const detail = `the command sends nothing to the address that replaces its own; it prints ${printed}`;
  return [{ id: 'agent_hook_unproven', subject: event, detail }];
}

interface FoundFile {
  readonly file: string;
  readonly text: string;
}

async function firstFile(files: readonly string[]): Promise<FoundFile | undefined> {
  for (const file of files) {
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

function inHome(file: string): string {
  return file.replace(/^~/, homedir());
}

function parse({ file, text }: FoundFile): Readonly<Record<string, unknown>> {
  const value: unknown = file.endsWith('.toml') ? parseToml(text) : JSON.parse(text);
  if (!isFields(value)) throw new SettingsError('the file is not an object');
  return value;
}
