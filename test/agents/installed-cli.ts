import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A coding agent of npm, installed for one person whose files are in a folder of their own. */
export interface InstalledCli {
  /** Where the settings of an administrator are, and which of deploy/agents they are. */
  readonly managed: { readonly place: string; readonly settings: string };
  /** The tool that runs a shell command, and its arguments. */
  call(command: string): { readonly name: string; readonly args: Record<string, unknown> };
  /** Writes the settings of the person: the provider, and no telemetry and no updates. */
  configure(home: string, llmUrl: string): Promise<void>;
  command(): Promise<readonly [string, ...string[]]>;
  environment(home: string, llmUrl: string): Record<string, string>;
}

const require = createRequire(import.meta.url);
const PROMPT = 'Run the command.';

const codex: InstalledCli = {
  managed: { place: '/etc/codex/requirements.toml', settings: 'codex/requirements.toml' },
  call: (cmd) => ({ name: 'exec_command', args: { cmd } }),
  async configure(home, llmUrl) {
    await writeFile(
      join(home, 'config.toml'),
      `model = "gpt-5"
model_provider = "simulated"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.simulated]
name = "simulated"
base_url = "${llmUrl}/v1"
wire_api = "responses"
env_key = "SIMULATED_KEY"
`,
    );
  },
  async command() {
    const vendor = join(dirname(require.resolve('@openai/codex-linux-x64/package.json')), 'vendor');
    const [target = ''] = await readdir(vendor);
    const program = join(vendor, target, 'bin/codex');
    // Hooks are what stops a call here, so the agent's own sandbox and questions are off.
    return [program, 'exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access', PROMPT];
  },
  environment: (home) => ({ CODEX_HOME: home, SIMULATED_KEY: 'key' }),
};

const gemini: InstalledCli = {
  managed: { place: '/etc/gemini-cli/settings.json', settings: 'gemini/settings.json' },
  call: (command) => ({ name: 'run_shell_command', args: { command } }),
  async configure(home) {
    await mkdir(join(home, '.gemini'));
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    };
    await writeFile(join(home, '.gemini/settings.json'), JSON.stringify(settings));
  },
  async command() {
    const program = join(dirname(require.resolve('@google/gemini-cli/package.json')), 'bundle/gemini.js');
    return [process.execPath, program, '-p', PROMPT, '--approval-mode', 'yolo', '-m', 'gemini-2.5-flash'];
  },
  environment: (home, llmUrl) => ({
    GEMINI_CLI_HOME: home,
    GEMINI_API_KEY: 'key',
    GOOGLE_GEMINI_BASE_URL: llmUrl,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    NO_COLOR: '1',
  }),
};

export const INSTALLED_CLIS = { codex, gemini };

export type InstalledCliName = keyof typeof INSTALLED_CLIS;

/** Runs an agent on one prompt and returns what it printed. */
export async function runCli(cli: InstalledCli, folder: string, llmUrl: string): Promise<string> {
  const [program, ...args] = await cli.command();
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...cli.environment(folder, llmUrl) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  await new Promise((resolve) => child.on('close', resolve));
  return printed;
}
