import { readFileSync } from 'node:fs';
import { ConfigError, watchFile } from '@iris/config';
import { count, type Logger, setGauge } from '@iris/telemetry';
import { type Catalog, compileCatalog, loadCatalog, replaceableCatalog } from '@iris/tool-catalog';
import { Piscina } from 'piscina';
import type { CatalogReading } from './catalog-worker.js';
import { revisionNumber } from './health/index.js';

/** For how long a changed text must stay as it is before it is used, in ms: editors write a file in several steps. */
const SETTLE_MS = 500;

export interface OpenCatalogOptions {
  readonly settleMs?: number;
  /** Reads a text; for specs, which run uncompiled. */
  readonly read?: (text: string) => Promise<CatalogReading>;
}

export interface OpenCatalog {
  /** Follows the file. */
  readonly catalog: Catalog;
  /** Reads the file now. */
  reload(): Promise<void>;
  close(): void;
}

/** Parses and checks a text apart from the event loop: that takes as long as hundreds of hooks. */
async function readInThread(text: string): Promise<CatalogReading> {
  const pool = new Piscina({
    filename: new URL('./catalog-worker.js', import.meta.url).href,
    maxThreads: 1,
    // Telemetry is the main thread's.
    execArgv: [],
  });
  try {
    return await pool.run(text);
  } finally {
    await pool.destroy();
  }
}

/**
 * The tool catalog, which is read again when its file changes. A new text that cannot be used leaves the catalog as it is.
 *
 * @throws ConfigError when the file cannot be read, CatalogError when its text is not valid
 */
export function openCatalog(
  file: string,
  logger: Logger,
  { settleMs = SETTLE_MS, read = readInThread }: OpenCatalogOptions = {},
): OpenCatalog {
  const text = readText(file);
  const { catalog, replace } = replaceableCatalog(loadCatalog({ text }));
  setGauge('iris.catalog.failed', 0, {});
  setGauge('iris.catalog.revision', revisionNumber(catalog.revision), {});
  logger.info({ revision: catalog.revision }, 'tool catalog loaded');

  let newest = text;
  const apply = async (changed: string) => {
    newest = changed;
    try {
      const reading = await read(changed);
      // A newer text is read already.
      if (newest !== changed) return;
      if (!reading.ok) return refuse(reading.problem);
      replace(compileCatalog(changed, reading.document));
      count('iris.catalog.reloads', { outcome: 'applied' });
      setGauge('iris.catalog.failed', 0, {});
      setGauge('iris.catalog.revision', revisionNumber(catalog.revision), {});
      logger.info({ revision: catalog.revision }, 'tool catalog replaced');
    } catch (error) {
      logger.error({ err: error }, 'the thread that reads the tool catalog ended');
      refuse('unexpected error');
    }
  };
  const refuse = (problem: string) => {
    count('iris.catalog.reloads', { outcome: 'refused' });
    setGauge('iris.catalog.failed', 1, {});
    logger.error({ file, problem }, 'the tool catalog stays as it is: the new file cannot be used');
  };
  let settling: NodeJS.Timeout | undefined;
  const settle = (changed: string) => {
    clearTimeout(settling);
    settling = setTimeout(() => void apply(changed), settleMs).unref();
  };
  const watched = watchFile(file, text, settle, (error) => refuse(`cannot be read (${codeOf(error)})`));
  return {
    catalog,
    reload: () => watched.check(),
    close: () => {
      clearTimeout(settling);
      watched.close();
    },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`configuration: catalog.file ${file} cannot be read (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'error';
}
