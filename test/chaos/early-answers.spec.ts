import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SCRIPT = join(import.meta.dirname, 'early-answers.mjs');
const TIMEOUT_MS = 240_000;

/**
 * On loopback a batch is handed to the kernel whole. In a network of its own with an Ethernet's packet size and small
 * buffers, a process is still writing when the answer comes, as it is in a cluster.
 */
const mayIsolate = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up', 'mtu', '1500']).status === 0;
if (!mayIsolate) process.stdout.write('early answers: SKIPPED, this user may not make a network namespace\n');

describe('a collector that answers before it has read a batch of spans', () => {
  (mayIsolate ? it : it.skip).each([413, 503, 200])(
    'does not end the process by an early %d',
    (status) => {
      const network = 'ip link set lo up mtu 1500 && echo "4096 8192 16384" > /proc/sys/net/ipv4/tcp_rmem';
      const command = `${network} && exec "$0" "$1" ${status}`;
      const run = spawnSync('unshare', ['-n', 'sh', '-c', command, process.execPath, SCRIPT], {
        encoding: 'utf8',
        timeout: TIMEOUT_MS,
        env: { PATH: process.env.PATH },
      });
      process.stdout.write(run.stdout);
      expect(run.stderr).not.toMatch(/EPIPE|ECONNRESET/);
      expect(run.stdout).toMatch(/still running after \d+ early answers/);
      expect(run.status).toBe(0);
    },
    TIMEOUT_MS + 10_000,
  );
});
