import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SIMULATED_APIS } from '../generated/simulated-apis.js';
import { HOOK_KEY, type Mesh, startMesh } from '../mesh/mesh.js';
import { VENDOR_NAMES } from '../vendor-name.js';
import { printTable, runSample, type SampleOutcome } from './decision-table.js';
import { exportLine } from './export-line.js';
import { Observers } from './observers.js';
import { SAMPLES } from './sample-hooks.js';

const HELP = `Runs Iris on this machine: simulated vendor APIs, a Cerbos PDP, Redis, the enrichers and the gateway,
then sends sample hooks and prints the verdicts.

  npm start                 stays up after the table; Ctrl-C ends everything
  npm start -- --once       ends after the table
  npm start -- --observe    also runs Prometheus with the shipped rules, and prints the trace of each hook
  npm start -- --port N     port of the gateway (8080)
  npm start -- --console    also runs the console with a decision log and prints its URL
  npm start -- --verbose    shows what every process logs
`;

const LATENCY_MS = Object.fromEntries(VENDOR_NAMES.map((name) => [name, SIMULATED_APIS[name].typicalLatencyMs]));

/** Port of the gateway, and of the console, as their setting http.port has it. */
const GATEWAY_PORT = '8080';
const CONSOLE_PORT = 8086;

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    observe: { type: 'boolean', default: false },
    console: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
    port: { type: 'string', default: GATEWAY_PORT },
  },
});

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

/** A mesh on another port is beside another one, so its console takes a free port too. */
const isDefaultPort = !values.once && values.port === GATEWAY_PORT;

let mesh: Mesh | undefined;
let observers: Observers | undefined;
let ending = false;
const end = async (status: number) => {
  if (ending) return;
  ending = true;
  await observers?.close();
  await mesh?.close();
  process.exit(status);
};
process.on('SIGINT', () => void end(130));
process.on('SIGTERM', () => void end(143));

try {
  console.log('starting the sandbox, the PDP, Redis, the enrichers and the gateway ...');
  if (values.observe) observers = await Observers.start();
  mesh = await startMesh({
    root: process.cwd(),
    sandbox: { latencyMs: LATENCY_MS },
    redis: hasRedis(),
    gatewayPort: values.once ? undefined : Number(values.port),
    // The samples show cold facts too, so nothing is read in bulk beforehand.
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0', ...observers?.tracesEnv },
    pdpEnv: observers?.pdpEnv,
    processEnv: observers?.metricsEnv,
    console: values.console ? { port: isDefaultPort ? CONSOLE_PORT : undefined } : undefined,
    // Its key may ask what would be decided, so that every command of the CLI works.
    gatewayEnv: { IRIS_EXPLAIN_KEY_NAMES: 'sandbox' },
    onLine: values.verbose ? (name, line) => console.log(`${name}: ${line}`) : undefined,
  });
  const prometheus = await observers?.watch(mesh, values.once ? () => undefined : console.log);
  const outcomes: SampleOutcome[] = [];
  for (const [index, sample] of SAMPLES.entries()) outcomes.push(await runSample(mesh, sample, `sample${index}`));
  console.log(printTable(outcomes));
  if (prometheus !== undefined) console.log(`Prometheus: ${prometheus}/alerts`);
  if (mesh.console !== undefined) console.log(`Console: ${mesh.console.url}`);
  if (values.once) await end(0);
  console.log(instructions(mesh));
  await sleep(2 ** 31 - 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await end(1);
}

/** Without a redis-server the mesh keeps facts in each gateway's memory. */
function hasRedis(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (!found) console.log('there is no redis-server here: facts are kept in memory only');
  return found;
}

function instructions(mesh: Mesh): string {
  const url = mesh.gateways[0]?.url;
  return `
The gateway is listening on ${url}.
Try a hook of your own:

  curl -s ${url}/ext/aperture/tool_call_entire_request -H 'authorization: Bearer ${HOOK_KEY}' \\
    -d '{"metadata":{"login_name":"ana@lumen.example","user_agent":"claude-cli/2.1"},"tool_calls":[{"name":"Read","params":{"file_path":"/tmp/x"}}]}'

For the CLI paste this line into another terminal, then for example: npm run iris -- doctor

  ${exportLine(mesh)}

Ctrl-C ends everything.`;
}
