import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnEmbedded } from '../src/index.js';
import { startPostgres } from '../src/testing/index.js';

const MAIN = 'libs/decision-log/src/embedded/embedded-main.ts';

interface Database {
  readonly url: string;
  close(): Promise<void>;
}

/** The databases that the log runs in. */
export function databases(): { readonly name: string; start(): Promise<Database> }[] {
  return [
    { name: 'PostgreSQL', start: () => startPostgres({ fsync: 'off' }) },
    { name: 'PGlite', start: startEmbedded },
  ];
}

async function startEmbedded(): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-decision-log-'));
  const server = await spawnEmbedded({ directory: join(folder, 'db'), nodeArguments: ['--import', 'tsx', MAIN] });
  return {
    url: server.url,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
