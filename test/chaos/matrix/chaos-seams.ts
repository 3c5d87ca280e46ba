import { freePort } from '@iris/context-cache/testing';
import { answers, type Child, startChild } from '../../../apps/sandbox/src/mesh/child.js';
import { startOtlpCollector } from '../../../apps/sandbox/src/telemetry/otlp-collector.js';
import { VENDOR_NAMES, type VendorName } from '../../../apps/sandbox/src/vendor-name.js';
import { makeCertificates } from './certificates.js';
import { FaultProxy } from './fault-proxy.js';

export function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Spans and metrics go out every few hundred ms, so that a fault of some seconds meets many exports. */
export async function startCollecting(cleanups: (() => unknown)[]) {
  const collector = await startOtlpCollector();
  cleanups.push(() => collector.close());
  const proxy = await FaultProxy.start({ target: () => portOf(collector.url) });
  cleanups.push(() => proxy.close());
  const url = `http://127.0.0.1:${proxy.port}`;
  return {
    collector,
    proxy,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
    },
    auditorEnv: { IRIS_OTLP_SINK_URL: `${url}/v1/logs`, IRIS_OTLP_SINK_TIMEOUT_MS: '1000' },
  };
}

export async function vendorsOverTls(
  folder: string,
  ports: Readonly<Partial<Record<VendorName, number>>>,
  cleanups: (() => unknown)[],
): Promise<{
  readonly proxies: Partial<Record<VendorName, FaultProxy>>;
  readonly env: Partial<Record<VendorName, Record<string, string>>>;
}> {
  const { trustedFile, right, wrong } = makeCertificates(folder);
  const proxies: Partial<Record<VendorName, FaultProxy>> = {};
  const env: Partial<Record<VendorName, Record<string, string>>> = {};
  for (const vendor of VENDOR_NAMES) {
    const proxy = await FaultProxy.start({ target: () => ports[vendor] ?? 0, tls: { right, wrong } });
    cleanups.push(() => proxy.close());
    proxies[vendor] = proxy;
    const path = vendor === 'tailscale' ? '/api/v2' : '';
    env[vendor] = {
      [`IRIS_${vendor.toUpperCase()}_URL`]: `https://127.0.0.1:${proxy.port}${path}`,
      NODE_EXTRA_CA_CERTS: trustedFile,
    };
  }
  return { proxies, env };
}

export async function startAuditor(
  redisUrl: string,
  sinkUrl: string,
  commonEnv: Readonly<Record<string, string>> | undefined,
  onLine: (name: string, line: string) => void,
): Promise<Child> {
  const port = await freePort();
  return startChild({
    name: 'auditor',
    command: process.execPath,
    args: ['--import', './dist/libs/telemetry/src/register.js', './dist/apps/auditor/src/main.js'],
    cwd: process.cwd(),
    env: {
      ...commonEnv,
      IRIS_LOG_LEVEL: 'warn',
      IRIS_REDIS_URL: redisUrl,
      IRIS_HTTP_PORT: String(port),
      IRIS_DELIVERY_LOCK_SECONDS: '2',
      IRIS_HTTP_SINK_URL: sinkUrl,
    },
    ready: () => answers(`http://127.0.0.1:${port}/healthz`),
    onLine: (line) => onLine('auditor', line),
  });
}
