import { openDecisionLog } from '../open-decision-log.js';
import { serveEmbedded } from './socket-server.js';

/** How often partitions are made ahead, in ms. */
const SWEEP_MS = 3_600_000;

/**
 * A process that serves an embedded decision log: `<directory> <port>`. It prints its URL as one line when it is ready,
 * and ends with its standard input, so that it never outlives the process that started it.
 */
async function main([directory = '', port = '0']: readonly string[]): Promise<void> {
  const server = await serveEmbedded(directory, Number(port), (error) => {
    process.stderr.write(`decision log: the embedded database failed: ${(error as Error)?.message}\n`);
    process.exit(1);
  });
  const log = openDecisionLog({ url: server.url, maxConnections: 1, timeoutMs: 60_000 });
  await log.migrate();
  const sweep = setInterval(() => void log.makePartitions().catch(() => undefined), SWEEP_MS);
  process.stdout.write(`${server.url}\n`);

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    clearInterval(sweep);
    await log.close();
    await server.close();
    process.exit(0);
  };
  process.stdin.resume().once('end', end).once('error', end);
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`decision log: ${error.message}\n`);
  process.exit(1);
});
