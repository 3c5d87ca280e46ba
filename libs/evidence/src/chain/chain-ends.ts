import { readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChainEnd, chainEndSchema, chainLinkSchema } from './chain-fields.js';

const FILE_NAME = /^chain-(.+)\.json$/;

/**
 * Writes where a chain stands, so that the next run continues it when no segment of it is left.
 *
 * @throws Error when the disk refuses
 */
export function keepChainEnd(directory: string, chainId: string, end: ChainEnd | undefined): void {
  const path = join(directory, `chain-${chainId}.json`);
  writeFileSync(`${path}.new`, JSON.stringify(end ?? null), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * The last links of runs whose processes are dead. A file is taken by a rename, so of several processes each end is had
 * by one. Segments that are left over may reach further than the file.
 *
 * @param isHeld whether the process that writes a chain lives
 * @throws Error when the directory cannot be read
 */
export function takeChainEnds(directory: string, isHeld: (chainId: string) => boolean): ChainEnd[] {
  const ids = readdirSync(directory).flatMap((name) => FILE_NAME.exec(name)?.[1] ?? []);
  return ids
    .sort()
    .filter((id) => !isHeld(id))
    .flatMap((id) => takeChainEnd(directory, id) ?? []);
}

function takeChainEnd(directory: string, id: string): ChainEnd | undefined {
  const path = join(directory, `chain-${id}.json`);
  const mine = `${path}.${process.pid}.taken`;
  try {
    renameSync(path, mine);
  } catch {
    return undefined;
  }
  const kept = chainEndSchema.safeParse(jsonOf(readFileSync(mine, 'utf8'))).data;
  unlinkSync(mine);
  return latest(kept, endInSegments(directory, id));
}

function latest(kept: ChainEnd | undefined, found: ChainEnd | undefined): ChainEnd | undefined {
  if (kept === undefined || found === undefined) return found ?? kept;
  return found.id !== kept.id || found.seq > kept.seq ? found : kept;
}

/** The last whole line of the last segment of a run, wherever the segment lies. */
function endInSegments(directory: string, chainId: string): ChainEnd | undefined {
  const segments = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.jsonl') && (path.split('/').at(-1) ?? '').startsWith(`${chainId}-`))
    .sort((a, b) => ((a.split('/').at(-1) ?? '') < (b.split('/').at(-1) ?? '') ? 1 : -1));
  for (const segment of segments) {
    const lines = readText(join(directory, segment)).split('\n').slice(0, -1);
    for (const line of lines.reverse()) {
      const link = chainLinkSchema.safeParse((jsonOf(line) as { chain?: unknown } | undefined)?.chain);
      if (link.success) return { id: link.data.id, seq: link.data.seq, hash: link.data.hash };
    }
  }
  return undefined;
}

/** A segment may be delivered and removed by another process meanwhile. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
