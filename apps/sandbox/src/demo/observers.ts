import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@iris/context-cache/testing';
import type { Mesh } from '../mesh/mesh.js';
import { type OtlpCollector, startOtlpCollector } from '../telemetry/otlp-collector.js';
import { printTraces } from '../telemetry/print-traces.js';
import { type Prometheus, startPrometheus, type Target } from '../telemetry/prometheus-server.js';
import { VENDOR_NAMES } from '../vendor-name.js';

const NAMESPACE = 'iris';
const RULES = 'deploy/helm/iris/files/alerts.yaml';
const APPS = ['gateway-0', ...VENDOR_NAMES.map((vendor) => `enricher-${vendor}`)];

/** What `--observe` adds to the mesh: a Prometheus with the shipped rules, and a receiver of traces. */
export class Observers {
  private readonly ended = new AbortController();
  private prometheus: Prometheus | undefined;

  private constructor(
    private readonly collector: OtlpCollector,
    private readonly ports: ReadonlyMap<string, number>,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Observers> {
    const ports = new Map<string, number>();
    for (const app of APPS) ports.set(app, await freePort());
    return new Observers(await startOtlpCollector(), ports, await mkdtemp(join(tmpdir(), 'iris-observe-')));
  }

  /** For every process: where spans go. */
  get tracesEnv(): Record<string, string> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: this.collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    };
  }

  get pdpEnv(): Record<string, string> {
    return {
      OTEL_SERVICE_NAME: 'cerbos-pdp',
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_METRICS_EXPORTER: 'prometheus',
    };
  }

  /** For each of our processes: where its metrics are read. */
  get metricsEnv(): (app: string) => Record<string, string> {
    return (app) => ({
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(this.ports.get(app)),
    });
  }

  /** Prints traces from now on. @returns URL of Prometheus; undefined when it is not installed */
  async watch(mesh: Mesh, print: (text: string) => void): Promise<string | undefined> {
    void printTraces(this.collector, print, this.ended.signal);
    const program = process.env.IRIS_PROMETHEUS ?? 'prometheus';
    if (spawnSync(program, ['--version']).status !== 0) {
      print('there is no prometheus here (Debian: apt install prometheus): traces only');
      return undefined;
    }
    const targets: Target[] = APPS.map((pod) => ({
      address: `127.0.0.1:${this.ports.get(pod)}`,
      namespace: NAMESPACE,
      pod,
    }));
    const pdp = {
      address: new URL(mesh.pdp.httpUrl).host,
      path: '/_cerbos/metrics',
      namespace: NAMESPACE,
      pod: 'pdp-0',
    };
    this.prometheus = await startPrometheus(this.folder, [...targets, pdp], await readFile(RULES, 'utf8'));
    return this.prometheus.url;
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.prometheus?.close();
    await this.collector.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
