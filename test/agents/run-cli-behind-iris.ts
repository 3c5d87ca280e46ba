import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLlm } from '../../apps/sandbox/src/llm/simulated-llm.js';
import { AGENT_HOOK_KEY, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { INSTALLED_CLIS, type InstalledCliName, runCli } from './installed-cli.js';

/**
 * Runs one coding agent against a simulated LLM and a whole mesh, in a network that has the loopback interface alone.
 * Prints, as the last line, what became of a command that is allowed, one that is denied, and one while Iris is down.
 *
 * Arguments: the agent, the port of the gateway that the installed settings name.
 */
const [name = '', port = ''] = process.argv.slice(2);
const cli = INSTALLED_CLIS[name as InstalledCliName];
const folder = await mkdtemp(join(tmpdir(), 'iris-cli-'));
const llm = await startLlm({ afterScript: { text: 'Nothing more to do.' } });
const mesh = await startMesh({ root: process.cwd(), gatewayPort: Number(port) });

/** A command that leaves a file if it runs at all. */
async function attempt(title: string, rest: string) {
  const home = join(folder, title);
  const marker = join(home, 'marker');
  await mkdir(join(home, '.config/iris'), { recursive: true });
  await writeFile(join(home, '.config/iris/hook-key'), `${AGENT_HOOK_KEY}\n`);
  await cli.configure(home, llm.url);
  llm.clear();
  llm.script([{ calls: [cli.call(`touch ${marker}${rest}`)] }, { text: 'Done.' }]);
  const printed = await runCli(cli, home, llm.url);
  const [, second] = llm.requests;
  // What the model is told of the call: its result, or why it was stopped.
  return { ran: existsSync(marker), turns: llm.requests.length, returned: second?.raw.toString('utf8') ?? '', printed };
}

try {
  const allowed = await attempt('allowed', '');
  const denied = await attempt('denied', ' && psql postgresql://app@orders-db.prod.lumen.example/orders -c "select 1"');
  await mesh.gateways[0]?.process.kill();
  const down = await attempt('down', '');
  process.stdout.write(`\n${JSON.stringify({ allowed, denied, down })}\n`);
} finally {
  await mesh.close();
  await llm.close();
  await rm(folder, { recursive: true, force: true });
}
