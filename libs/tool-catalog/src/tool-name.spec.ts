import { describe, expect, it } from '@jest/globals';
import { type KnownNames, nameAnomalies, parseToolName } from './tool-name.js';

const SERVERS = ['github', 'github_delete', 'my__db', 'opencode-hello-mcp', 'slack'];
const RANKS: Record<string, number> = { 'github/delete_list_x': 0, 'github_delete/list_x': 4, '/web_search': 4 };

const known: KnownNames = {
  isServer: (name) => SERVERS.includes(name),
  rank: ({ server = '', operation }) => RANKS[`${server}/${operation}`],
};

describe('parseToolName', () => {
  it.each([
    ['a plain name', 'Bash', undefined, undefined, 'Bash'],
    ['Claude Code', 'mcp__github__list_issues', undefined, 'github', 'list_issues'],
    ['Claude Code, unknown server', 'mcp__acme__do', undefined, 'acme', 'do'],
    ['a tool with a double underscore', 'mcp__github__a__b', undefined, 'github', 'a__b'],
    ['a known server with a double underscore', 'mcp__my__db__query', undefined, 'my__db', 'query'],
    ['an unknown server before a known name', 'mcp__evil__github__list', undefined, 'evil', 'github__list'],
    ['a backend that writes a dot', 'mcp__acme.do_it', undefined, 'acme', 'do_it'],
    ['oh-my-pi', 'mcp__slack_post', undefined, 'slack', 'post'],
    ['oh-my-pi, unknown server', 'mcp__acme_post', undefined, undefined, 'mcp__acme_post'],
    ['Codex', 'list_issues', 'mcp__github', 'github', 'list_issues'],
    ['Codex with a trailing separator', 'list_issues', 'mcp__github__', 'github', 'list_issues'],
    ['a plain namespace', 'list_issues', 'github', 'github', 'list_issues'],
    ['a namespace that the name repeats', 'mcp__github__list', 'github', 'github', 'list'],
    ['Gemini CLI', 'mcp_github_list_issues', undefined, 'github', 'list_issues'],
    ['Gemini CLI, unknown server', 'mcp_acme_list', undefined, undefined, 'mcp_acme_list'],
    ['OpenCode', 'slack_post', undefined, 'slack', 'post'],
    ['OpenCode, hyphens', 'opencode-hello-mcp_greet-tool', undefined, 'opencode-hello-mcp', 'greet-tool'],
    ['OpenCode, unknown server', 'acme_post', undefined, undefined, 'acme_post'],
    ['a server before a double underscore', 'slack__post', undefined, 'slack', 'post'],
    ['LibreChat', 'list_issues_mcp_acme', undefined, 'acme', 'list_issues'],
    ['Docker MCP gateway', 'acme:list', undefined, 'acme', 'list'],
    ['a plain tool that looks like server and tool', 'web_search', undefined, undefined, 'web_search'],
    ['the most restrictive of several readings', 'mcp_github_delete_list_x', undefined, 'github', 'delete_list_x'],
    ['no server', 'mcp____do', undefined, undefined, 'mcp____do'],
    ['no tool', 'mcp__github__', undefined, undefined, 'mcp__github__'],
    ['nothing', '', undefined, undefined, ''],
    ['nothing on a server', '', 'mcp__github', 'github', ''],
  ])('%s: %s', (_, name, namespace, server, operation) => {
    expect(parseToolName(name, namespace, known)).toEqual(server === undefined ? { operation } : { server, operation });
  });

  it('does not take apart a name that is longer than any tool has', () => {
    const name = `mcp__github__${'x'.repeat(300)}`;
    expect(parseToolName(name, undefined, known)).toEqual({ operation: name });
  });
});

describe('nameAnomalies', () => {
  it.each([
    ['Read', '', []],
    ['mcp__a.b-c/d:e__f', '', []],
    ['', '', ['empty']],
    [' Read', '', ['whitespace']],
    ['Read\n', '', ['whitespace']],
    ['Read\u0000', '', ['non_ascii']],
    ['R\u0435ad', '', ['non_ascii']],
    ['Read\u200b', '', ['non_ascii']],
    ['\uff32ead', '', ['non_ascii', 'compatibility_form']],
    ['Read\u3000', '', ['whitespace', 'compatibility_form']],
    ['\ud800', '', ['non_ascii']],
    ['list', 'g\u0456thub', ['non_ascii']],
  ])('%j on %j: %j', (name, server, anomalies) => {
    expect(nameAnomalies(name, server)).toEqual(anomalies);
  });
});
