import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const MAX_CONNECTIONS = 16;

/** What bounds its memory and disk beyond the tables; read when the folder is made. */
const SETTINGS = ['shared_buffers = 16MB', 'wal_buffers = 1MB', 'max_wal_size = 64MB', 'maintenance_work_mem = 16MB'];

/** Messages that end what belongs together (PostgreSQL, "Message Formats"): Sync, Query, Terminate. */
const ENDS = new Set(['S', 'Q', 'X'].map((letter) => letter.charCodeAt(0)));
/** Parse, Bind, Describe, Execute, Close, Flush, Function call: more follows until Sync. */
const OPENS = new Set(['P', 'B', 'D', 'E', 'C', 'H', 'F'].map((letter) => letter.charCodeAt(0)));

/**
 * The socket server gives PGlite one message at a time, of any connection, unless a transaction is open. An unnamed
 * statement belongs to one session, and all connections share one here, so messages up to Sync must stay together:
 * until then a transaction is reported, which keeps other connections waiting.
 */
class OneSessionPGlite extends PGlite {
  private isBetween = false;
  /** Called when PGlite itself fails, after which it answers nothing more. */
  onFailure: (error: unknown) => void = () => {};

  override isInTransaction(): boolean {
    return this.isBetween || super.isInTransaction();
  }

  override async execProtocolRawStream(...args: Parameters<PGlite['execProtocolRawStream']>) {
    const [type = 0] = args[0];
    if (OPENS.has(type)) this.isBetween = true;
    try {
      return await super.execProtocolRawStream(...args);
    } catch (error) {
      this.onFailure(error);
      throw error;
    } finally {
      if (ENDS.has(type)) this.isBetween = false;
    }
  }

  /** The socket server calls it for a connection that ended within a transaction. */
  override async exec(...args: Parameters<PGlite['exec']>) {
    this.isBetween = false;
    return super.exec(...args);
  }
}

export interface EmbeddedServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a PGlite on a loopback port within this process.
 *
 * @param directory of its files
 * @param port 0 takes a free one
 * @param onFailure called when PGlite itself has failed: the process should end
 */
export async function serveEmbedded(
  directory: string,
  port: number,
  onFailure: (error: unknown) => void,
): Promise<EmbeddedServer> {
  const db = new OneSessionPGlite({ dataDir: directory, relaxedDurability: false, postgresqlconf: SETTINGS });
  db.onFailure = onFailure;
  await db.waitReady;
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port, maxConnections: MAX_CONNECTIONS });
  await server.start();
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres`,
    close: async () => {
      await server.stop();
      await db.close();
    },
  };
}
