import { Pool } from 'undici';
import { HOOK_KEY } from '../../apps/sandbox/src/mesh/mesh.js';
import type { SampleHook } from './sample-hooks.js';

/** Sends hooks over kept connections, as Aperture does. */
export class HookClient {
  private readonly pool: Pool;

  constructor(url: string, connections: number) {
    this.pool = new Pool(url, { connections, pipelining: 1 });
  }

  /** Sends a hook and returns the time until its verdict was there, in ms. @throws Error when it is no verdict */
  async send({ path, body, key = HOOK_KEY }: SampleHook): Promise<number> {
    const start = performance.now();
    const response = await this.pool.request({
      path,
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
    });
    const text = await response.body.text();
    const ms = performance.now() - start;
    if (response.statusCode !== 200) throw new Error(`a hook was answered ${response.statusCode}: ${text}`);
    return ms;
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}

/** Does something so many times, so many at once, and returns what each returned. */
export async function atOnce<T>(
  concurrency: number,
  count: number,
  action: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      results.push(await action(index));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
