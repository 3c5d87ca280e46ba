import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, which would be taken before a child listens. */
const [FIRST, LAST] = [20_000, 32_000];
const given = new Set<number>();

/** A port on 127.0.0.1 that nothing listens on now, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const wanted = randomInt(FIRST, LAST);
    if (given.has(wanted)) continue;
    const server = createServer();
    server.listen(wanted, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (!isFree) continue;
    given.add(wanted);
    return wanted;
  }
}
