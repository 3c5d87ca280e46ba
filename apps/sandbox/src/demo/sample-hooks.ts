import type { Company } from '@iris/simulation';

/** A tool call that a person's agent has made, and its description in the table. */
export interface Sample {
  readonly login: string;
  readonly client: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** What the call wants, in a few words. */
  readonly wish: string;
}

const CLAUDE_CODE = 'claude-cli/2.1.278 (external, cli)';
const CODEX = 'codex_cli_rs/0.151.0 (Debian 12; x86_64) xterm';

/** Different people, tools and clients; each shows one rule of the enforcement pack, allowed or denied. */
export const SAMPLES: readonly Sample[] = [
  {
    login: 'ben@lumen.example',
    client: CLAUDE_CODE,
    tool: 'Read',
    input: { file_path: '/home/ben/orders/README.md' },
    wish: 'read a file',
  },
  {
    login: 'ana@lumen.example',
    client: CLAUDE_CODE,
    tool: 'mcp__postgres__execute_sql',
    input: { connection_string: 'postgres://iris@orders-prod.db.lumen.example/orders', sql: 'select 1' },
    wish: 'production database, on call',
  },
  {
    login: 'ben@lumen.example',
    client: CODEX,
    tool: 'mcp__postgres__execute_sql',
    input: { connection_string: 'postgres://iris@orders-prod.db.lumen.example/orders', sql: 'select 1' },
    wish: 'production database, not on call',
  },
  {
    login: 'ben@lumen.example',
    client: CODEX,
    tool: 'mcp__postgres__execute_sql',
    input: { connection_string: 'postgres://iris@orders-staging.db.lumen.example/orders', sql: 'select 1' },
    wish: 'staging database',
  },
  {
    login: 'ben@lumen.example',
    client: CLAUDE_CODE,
    tool: 'Bash',
    input: { command: 'git status && npm test' },
    wish: 'everyday commands',
  },
  {
    login: 'ben@lumen.example',
    client: CLAUDE_CODE,
    tool: 'Bash',
    input: { command: "git status && psql -h orders-prod.db.lumen.example -c 'select 1'" },
    wish: 'production database, by the shell',
  },
  {
    login: 'cara@lumen.example',
    client: CLAUDE_CODE,
    tool: 'mcp__hubspot__hubspot-search-objects',
    input: { objectType: 'deals', query: 'renewal' },
    wish: 'CRM read',
  },
  {
    login: 'cara@lumen.example',
    client: CLAUDE_CODE,
    tool: 'mcp__salesforce__update_record',
    input: { sobject: 'Opportunity', id: '006', amount: 1 },
    wish: 'CRM change, sales representative',
  },
  {
    login: 'dev@lumen.example',
    client: CLAUDE_CODE,
    tool: 'mcp__salesforce__update_record',
    input: { sobject: 'Opportunity', id: '006', amount: 1 },
    wish: 'CRM change, sales manager',
  },
  {
    login: 'eve@lumen.example',
    client: CLAUDE_CODE,
    tool: 'mcp__workday__get_compensation',
    input: { worker: '10004' },
    wish: 'compensation, managed device',
  },
  {
    login: 'finn@lumen.example',
    client: CLAUDE_CODE,
    tool: 'mcp__workday__get_compensation',
    input: { worker: '10004' },
    wish: 'compensation, unmanaged device',
  },
  {
    login: 'ana@lumen.example',
    client: 'curl/8.14.1',
    tool: 'Read',
    input: { file_path: '/home/ana/notes.md' },
    wish: 'read a file, unknown client',
  },
  {
    login: 'ivo@lumen.example',
    client: CLAUDE_CODE,
    tool: 'Read',
    input: { file_path: '/home/ivo/plan.md' },
    wish: 'read a file, employment ended',
  },
];

/** The hook that Aperture sends before the turn in which the agent returns the call's result. */
export function hookOf(sample: Sample, company: Company, turn: string): Record<string, unknown> {
  const callId = `toolu_${turn}`;
  return {
    metadata: {
      login_name: sample.login,
      user_agent: sample.client,
      url: 'https://aperture.lumen.example/v1/messages',
      model: 'claude-sonnet-5',
      provider: 'anthropic',
      tailnet_name: 'lumen.example',
      stable_node_id:
        company.devices.find(({ user, tags }) => user === sample.login && tags.length === 0)?.nodeId ?? '',
      request_id: `req_${turn}`,
      session_id: `sess_${turn}`,
    },
    request_body: {
      model: 'claude-sonnet-5',
      max_tokens: 1024,
      tools: [{ name: sample.tool, input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: sample.wish },
        { role: 'assistant', content: [{ type: 'tool_use', id: callId, name: sample.tool, input: sample.input }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: callId, content: 'the result of the call' }] },
      ],
    },
  };
}
