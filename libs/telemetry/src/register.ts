/**
 * Prepares the process of an app before anything else loads: `node --import <this file> <app>`. Bounds the growth of the
 * heap and starts OpenTelemetry.
 *
 * Exporters follow the standard OTEL_* variables. Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is recorded, yet trace
 * ids are made and passed on, so that logs can be joined.
 *
 * Modules to patch are loaded here through `require`, after the SDK has started, instead of through an ESM loader hook:
 * the hook doubles the start-up time, and everything that is patched is CommonJS.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { AsyncContext } from './async-context.js';
import { guardOutgoingSockets } from './guard-sockets.js';
import { boundHeapGrowth } from './heap-growth.js';
import { onTelemetryStop } from './lifecycle.js';
import { redactedPath, redactedUrl } from './url-redaction.js';

boundHeapGrowth();
guardOutgoingSockets();

const QUIET_PATHS = ['/healthz', '/readyz', '/metrics'];

const environment = process.env;
// An empty variable is one that is not set (OpenTelemetry specification, environment variables).
const exportsTraces = Boolean(
  environment.OTEL_EXPORTER_OTLP_ENDPOINT || environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
);
const exportsMetrics = Boolean(
  environment.OTEL_EXPORTER_OTLP_ENDPOINT || environment.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
);

environment.OTEL_EXPORTER_OTLP_PROTOCOL ??= 'http/protobuf';
environment.OTEL_TRACES_EXPORTER ??= exportsTraces ? 'otlp' : 'none';
environment.OTEL_METRICS_EXPORTER ??= exportsMetrics ? 'otlp' : 'none';
environment.OTEL_LOGS_EXPORTER ??= 'none';
// Baggage would carry what a caller claims about a person on to vendors and to the PDP, so it ends here.
environment.OTEL_PROPAGATORS ??= 'tracecontext';

const sdk = new NodeSDK({
  contextManager: new AsyncContext(),
  ...(environment.OTEL_TRACES_EXPORTER === 'none'
    ? { sampler: new tracing.AlwaysOffSampler(), spanProcessors: [new tracing.NoopSpanProcessor()] }
    : {}),
  instrumentations: [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request) => QUIET_PATHS.includes(request.url?.split('?')[0] ?? ''),
      // A URL names people: as a path at Okta, as a query elsewhere. The attributes here replace those of the library.
      startOutgoingSpanHook: ({ protocol, hostname, host, port, path }) =>
        redactedUrl(originOf(protocol, hostname ?? host, port), path ?? ''),
      startIncomingSpanHook: ({ url }) => ({ 'url.path': redactedPath(url ?? ''), 'url.query': undefined }),
    }),
    new UndiciInstrumentation({
      startSpanHook: ({ origin, path }) => ({ ...redactedUrl(origin, path), 'url.query': '' }),
    }),
    new GrpcInstrumentation({ ignoreGrpcMethods: [/^Check$/, /^Watch$/] }),
    // Redis passes no trace on, so without an exporter its spans would be made for nothing.
    // Keys hold login names and values hold facts about people: only the command's name is recorded.
    ...(environment.OTEL_TRACES_EXPORTER === 'none'
      ? []
      : [new IORedisInstrumentation({ dbStatementSerializer: (command) => command })]),
  ],
});
sdk.start();
onTelemetryStop(() => sdk.shutdown());

function originOf(protocol?: string | null, host?: string | null, port?: string | number | null): string {
  return `${protocol ?? 'http:'}//${host ?? ''}${port ? `:${port}` : ''}`;
}

const load = createRequire(import.meta.url);
for (const name of ['http', 'https', '@grpc/grpc-js', 'ioredis']) load(name);
syncBuiltinESMExports();
