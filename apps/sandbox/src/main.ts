import { ConfigError, loadSettings, setting } from '@iris/config';
import { startSandbox } from './sandbox.js';
import { VENDOR_NAMES } from './vendors/vendor-name.js';

const anyPort = { min: 0, max: 65_535 };

const schema = {
  'sandbox.host': setting.text('Address to listen on.', { fallback: '127.0.0.1' }),
  'sandbox.basePort': setting.integer(
    'Port of the admin API; the vendors follow in the order okta, workday, servicenow, pagerduty, tailscale. 0 takes free ports.',
    anyPort,
    { fallback: 4600 },
  ),
  'sandbox.people': setting.integer('People of the company.', { min: 26, max: 200_000 }, { fallback: 40 }),
  'sandbox.seed': setting.integer('Seed of the company.', { min: 0, max: 2_147_483_647 }, { fallback: 20_261_101 }),
  'sandbox.latencyMs': setting.integer('Time that each vendor takes, in ms.', { min: 0, max: 60_000 }, { fallback: 0 }),
};

try {
  const settings = loadSettings(schema, process.env);
  const base = settings['sandbox.basePort'];
  const ports = Object.fromEntries(
    ['admin', ...VENDOR_NAMES].map((name, index) => [name, base === 0 ? 0 : base + index]),
  );
  const latencyMs = Object.fromEntries(VENDOR_NAMES.map((name) => [name, settings['sandbox.latencyMs']]));
  const sandbox = await startSandbox({
    host: settings['sandbox.host'],
    ports,
    latencyMs,
    people: settings['sandbox.people'],
    seed: settings['sandbox.seed'],
  });
  process.stdout.write(`${JSON.stringify({ ready: true, urls: sandbox.urls })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      sandbox.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
