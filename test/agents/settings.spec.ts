import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { CHECKED_AGENTS, checkAgent } from '@iris/doctor';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AGENT_IDS } from '../../apps/gateway/src/agents/agent-protocol.js';

type Agent = (typeof CHECKED_AGENTS)[number];

const SHIPPED: readonly (readonly [Agent, string])[] = [
  ['claude', 'managed-settings.json'],
  ['claude', 'managed-settings-http.json'],
  ['codex', 'hooks.json'],
  ['codex', 'requirements.toml'],
  ['copilot', 'iris.json'],
  ['cursor', 'hooks.json'],
  ['gemini', 'settings.json'],
];

let folder: string;
beforeAll(async () => {
  // The shipped commands leave the wait to this variable.
  process.env.IRIS_HOOK_TIMEOUT_MS = '1000';
  folder = await mkdtemp(join(tmpdir(), 'iris-agents-'));
  await writeFile(join(folder, 'hook-key'), 'key-of-ana\n');
});
afterAll(() => {
  delete process.env.IRIS_HOOK_TIMEOUT_MS;
  return rm(folder, { recursive: true, force: true });
});

let count = 0;

/** The settings with the command where it is here, and a key that is there. */
async function installed(name: string, text: string): Promise<string> {
  count += 1;
  const file = join(folder, `${count}-${basename(name)}`);
  const here = text
    .replaceAll('/usr/local/lib/iris/', `${resolve('deploy/agents')}/`)
    .replaceAll('$HOME/.config/iris/hook-key', join(folder, 'hook-key'));
  await writeFile(file, here);
  return file;
}

const shipped = (agent: Agent, name: string) => readFile(`deploy/agents/${agent}/${name}`, 'utf8');

async function findingsOf(agent: Agent, name: string, text: string): Promise<[string, string][]> {
  const outcome = await checkAgent({ agent, file: await installed(name, text), maxWaitMs: 15_000 });
  return outcome.findings.map(({ id, detail }) => [id, detail]);
}

it('every agent has settings and a check', () => {
  expect([...CHECKED_AGENTS].sort()).toEqual([...AGENT_IDS].sort());
  expect([...new Set(SHIPPED.map(([agent]) => agent))].sort()).toEqual([...AGENT_IDS].sort());
});

describe('the shipped settings', () => {
  it.each(SHIPPED)('of %s, %s, stop every call without Iris', async (agent, name) => {
    const text = await shipped(agent, name);
    expect(text).toContain('https://iris.example.ts.net');
    expect(await findingsOf(agent, name, text)).toEqual([]);
  });

  it.each(SHIPPED.filter(([, name]) => name !== 'managed-settings-http.json'))(
    'of %s, %s, stop every call without the command',
    async (agent, name) => {
      const text = (await shipped(agent, name)).replaceAll('iris-hook.mjs', 'not-installed.mjs');
      const found = await findingsOf(agent, name, text);
      // It is denied; that nothing is sent is told, because it is no proof about Iris.
      expect(new Set(found.map(([id]) => id))).toEqual(new Set(['agent_hook_unproven']));
    },
  );
});

describe('settings that let calls run', () => {
  const CURL = 'curl --silent --max-time 1 --data-binary @- https://iris.example.ts.net/ext/x';
  const codex = (command: string, more: object = {}) => ({
    hooks: { PreToolUse: [{ hooks: [{ type: 'command', command, timeout: 10 }], ...more }] },
  });
  const gemini = (command: string, hook: object = {}) => ({
    hooks: { BeforeTool: [{ hooks: [{ type: 'command', command, timeout: 10_000, ...hook }] }] },
  });
  const claudeHttp = { type: 'http', url: 'https://iris.example.ts.net/ext/claude', timeout: 5 };

  it.each<[string, Agent, object, string[]]>([
    ['no hooks', 'codex', {}, ['agent_hook_missing']],
    ['hooks of another event', 'codex', { hooks: { PostToolUse: [] } }, ['agent_hook_missing']],
    ['hooks that are no list', 'codex', { hooks: { PreToolUse: [1] } }, ['agent_settings_unreadable']],
    ['a command without a fallback', 'codex', codex(CURL), Array(4).fill('agent_fail_open')],
    [
      'an exit code without a reason',
      'codex',
      codex(`${CURL} --fail || exit 2`),
      ['agent_fail_open', 'agent_fail_open', 'agent_fail_open', 'agent_fail_open'],
    ],
    [
      'a reply with a field of another agent',
      'codex',
      codex(
        `${CURL} > /dev/null; echo '{"decision":"deny","hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"x"}}'`,
      ),
      Array(4).fill('agent_fail_open'),
    ],
    ['some tools alone', 'codex', codex(`${CURL}; echo x >&2; exit 2`, { matcher: 'Bash' }), ['agent_hook_missing']],
    [
      'a timeout that is shorter than the wait',
      'gemini',
      gemini(
        '/usr/local/lib/iris/iris-hook.mjs gemini --timeout-ms 4000 --url https://x --key-file "$HOME/.config/iris/hook-key"',
        {
          timeout: 1500,
        },
      ),
      ['agent_hook_late'],
    ],
    ['exit code 1', 'gemini', gemini(`${CURL}; echo no >&2; exit 1`), Array(4).fill('agent_fail_open')],
    [
      'exit code 2, which Copilot CLI takes for a warning',
      'copilot',
      { version: 1, hooks: { preToolUse: [{ type: 'command', bash: `${CURL}; echo no >&2; exit 2` }] } },
      Array(4).fill('agent_fail_open'),
    ],
    [
      'an HTTP hook that continues on failure',
      'claude',
      { hooks: { PreToolUse: [{ matcher: '*', hooks: [claudeHttp] }] } },
      Array(4).fill('agent_fail_open'),
    ],
    [
      'an event without a hook, and hooks that do not fail closed',
      'cursor',
      {
        version: 1,
        hooks: Object.fromEntries(
          ['preToolUse', 'beforeShellExecution', 'beforeReadFile'].map((event) => [event, [{ command: CURL }]]),
        ),
      },
      ['agent_hook_missing', ...Array(12).fill('agent_fail_open')],
    ],
  ])('%s', async (_title, agent, settings, ids) => {
    const found = await findingsOf(agent, 'settings.json', JSON.stringify(settings));
    expect(found.map(([id]) => id)).toEqual(ids);
  });
});
