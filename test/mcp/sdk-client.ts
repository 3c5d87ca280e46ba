import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ANA_KEY, CLIENT } from './mcp-mesh.js';

/** A connected client of the official SDK, which answers what servers ask. */
export async function connect(url: string, key = ANA_KEY): Promise<Client> {
  const capabilities = { elicitation: { form: {} }, sampling: {}, roots: { listChanged: true } };
  const client = new Client(CLIENT, { capabilities });
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ana', check: true } }));
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    model: 'simulated',
    content: { type: 'text', text: 'sampled by the client' },
  }));
  client.setRequestHandler('roots/list', () => ({
    roots: [{ uri: 'file:///of/the/client', name: 'root of the client' }],
  }));
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

/** The text of a tool's result. */
export async function textOf(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  return JSON.stringify((await client.callTool({ name, arguments: args })).content);
}
