/** A collector that answers early, and a process that exports to it. Run inside a network namespace: `[status]`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** Enough batches that some answer meets a write. */
const ENOUGH_ANSWERS = 10;
const status = process.argv[2] ?? '413';

let answers = 0;
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    answers += 1;
    if (answers === ENOUGH_ANSWERS) child.kill('SIGTERM');
    socket.pause();
    socket.end(`HTTP/1.1 ${status} Early\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const preload = join(ROOT, 'dist/libs/telemetry/src/register.js');
const app = `
  import { trace } from '@opentelemetry/api';
  const text = 'x'.repeat(8000);
  setInterval(() => {
    for (let span = 0; span < 400; span += 1) trace.getTracer('test').startSpan('s').setAttribute('t', text).end();
  }, 100);
  process.on('SIGTERM', () => process.exit(0));
`;
const child = spawn(process.execPath, ['--import', preload, '--input-type=module', '--eval', app], {
  cwd: ROOT,
  stdio: 'inherit',
  env: {
    PATH: process.env.PATH,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  },
});
const [code, signal] = await once(child, 'exit');
if (code === 0) console.log(`${status}: still running after ${answers} early answers`);
else console.log(`${status}: ended with ${code ?? signal} after ${answers} early answers`);
process.exit(code === 0 && answers > 0 ? 0 : 1);
