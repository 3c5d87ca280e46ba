import { readFileSync } from 'node:fs';
import { ConfigError, watchFile } from '@iris/config';
import { count, type Logger, setGauge } from '@iris/telemetry';
import { type Catalog, CatalogError, loadCatalog, replaceableCatalog } from '@iris/tool-catalog';

/** For how long a changed text must stay as it is before it is used, in ms: editors write a file in several steps. */
const SETTLE_MS = 500;

export interface OpenCatalog {
  /** Follows the file. */
  readonly catalog: Catalog;
  /** Reads the file now. */
  reload(): Promise<void>;
  close(): void;
}

/**
 * The tool catalog, which is read again when its file changes. A new text that cannot be used leaves the catalog as it is.
 *
 * @throws ConfigError when the file cannot be read, CatalogError when its text is not valid
 */
export function openCatalog(file: string, logger: Logger, settleMs = SETTLE_MS): OpenCatalog {
  const text = readText(file);
  const { catalog, replace } = replaceableCatalog(loadCatalog({ text }));
  setGauge('iris.catalog.failed', 0, {});

  const apply = (changed: string) => {
    try {
      replace(loadCatalog({ text: changed }));
      count('iris.catalog.reloads', { outcome: 'applied' });
      setGauge('iris.catalog.failed', 0, {});
      logger.info({ revision: catalog.revision }, 'tool catalog replaced');
    } catch (error) {
      refuse(error instanceof CatalogError ? error.message : 'unexpected error');
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
    settling = setTimeout(() => apply(changed), settleMs).unref();
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
