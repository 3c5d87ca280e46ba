import { describe, expect, it } from '@jest/globals';
import { loadCatalog } from './catalog.js';

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });

describe('the shipped catalog', () => {
  it.each([
    ['Claude Code', 'Read', undefined, 'files', 'read'],
    ['Claude Code', 'Bash', undefined, 'shell', 'execute'],
    ['Claude Code', 'WebFetch', undefined, 'web', 'read'],
    ['Claude Code', 'TodoWrite', undefined, 'agent', 'write'],
    ['Claude Code', 'mcp__github__create_pull_request', undefined, 'source_code', 'write'],
    ['Claude Code', 'mcp__github__delete_file', undefined, 'source_code', 'delete'],
    ['Claude Code', 'mcp__claude_ai_Slack__slack_send_message', undefined, 'chat', 'write'],
    ['Claude Code', 'mcp__hubspot__hubspot-list-objects', undefined, 'crm', 'read'],
    ['Codex', 'shell_command', undefined, 'shell', 'execute'],
    ['Codex', 'apply_patch', undefined, 'files', 'write'],
    ['Codex', 'update_plan', undefined, 'agent', 'write'],
    ['Codex', 'hubspot_list_objects', 'mcp__hubspot', 'crm', 'read'],
    ['Codex', 'run_snowflake_query', 'mcp__snowflake', 'database', 'execute'],
    ['Gemini CLI', 'run_shell_command', undefined, 'shell', 'execute'],
    ['Gemini CLI', 'read_many_files', undefined, 'files', 'read'],
    ['Gemini CLI', 'mcp_postgres_query', undefined, 'database', 'execute'],
    ['Gemini CLI', 'mcp_kubernetes_pods_delete', undefined, 'infrastructure', 'delete'],
    ['Gemini CLI', 'read_background_output', undefined, 'shell', 'execute'],
    ['Copilot CLI', 'powershell', undefined, 'shell', 'execute'],
    ['Copilot CLI', 'view', undefined, 'files', 'read'],
    ['Copilot CLI', 'create', undefined, 'files', 'write'],
    ['Cursor', 'Shell', undefined, 'shell', 'execute'],
    ['Cursor', 'Delete', undefined, 'files', 'delete'],
    ['OpenCode', 'bash', undefined, 'shell', 'execute'],
    ['OpenCode', 'webfetch', undefined, 'web', 'read'],
    ['OpenCode', 'salesforce_run_soql_query', undefined, 'crm', 'read'],
    ['OpenCode', 'workday_get_worker', undefined, 'hr', 'read'],
    ['LibreChat', 'jira_create_issue_mcp_jira', undefined, 'ticketing', 'write'],
    ['Docker MCP gateway', 'pagerduty:list_oncalls', undefined, 'on_call', 'read'],
    ['any', 'mcp__servicenow__create_incident', undefined, 'ticketing', 'write'],
    ['any', 'mcp__bamboohr__get_employee', undefined, 'hr', 'read'],
    ['any', 'mcp__mysql__mysql_query', undefined, 'database', 'execute'],
    ['any', 'mcp__filesystem__write_file', undefined, 'files', 'write'],
    ['Claude Code', 'BashOutput', undefined, 'shell', 'execute'],
    ['Claude Code', 'TaskOutput', undefined, 'shell', 'execute'],
    ['Claude Code', 'KillShell', undefined, 'shell', 'execute'],
    ['Codex', 'exec_command', 'functions', 'shell', 'execute'],
    ['any', 'mcp__github__get_and_delete_everything', undefined, 'source_code', 'delete'],
    ['any', 'mcp__github-evil__get_payroll', undefined, 'uncategorised', undefined],
    ['any', 'mcp__notion-hr__get_payroll', undefined, 'uncategorised', undefined],
    ['any', 'get_payroll_mcp_github', undefined, 'uncategorised', undefined],
    ['any', 'gdrive_read_payroll', undefined, 'uncategorised', undefined],
    ['any', 'mcp__gdrive__read_payroll', undefined, 'uncategorised', undefined],
    ['any', 'github_nuke_get_all', undefined, 'uncategorised', undefined],
    ['any', 'mcp_github_nuke_get_all', undefined, 'uncategorised', undefined],
    ['any', 'mcp__acme__anything', undefined, 'uncategorised', undefined],
    ['any', 'anything', undefined, 'uncategorised', undefined],
  ])('%s: %s on %s is %s, %s', (_, name, server, category, operation) => {
    const { classification } = catalog.classify({ name, server, params: {} });
    expect([classification.category, classification.operation]).toEqual([category, operation]);
  });
});
