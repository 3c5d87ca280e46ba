import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '@iris/config';
import { ContextWriter, principalKey, resourceKey } from '@iris/context-cache';
import { startRedis, type TestRedis } from '@iris/context-cache/testing';
import type { JsonObject, ResourceRef, SourceId } from '@iris/contracts';
import type { EvidenceRecord } from '@iris/evidence';
import { createLogger } from '@iris/telemetry';
import { parse, stringify } from 'yaml';
import { type OpenPdpProxy, openPdpProxy } from '../../apps/pdp-proxy/src/open-pdp-proxy.js';
import { pdpProxySettings } from '../../apps/pdp-proxy/src/pdp-proxy.settings.js';
import { type Pdp, startPdp } from '../../apps/sandbox/src/mesh/pdp.js';

const POLICIES = 'test/pdp-proxy/policies';

export interface RunningProxyOptions {
  /** The mapping file. */
  readonly mapping?: object;
  /** The callers file; by default everybody on loopback may ask and search. */
  readonly callers?: object;
  /** Sources that are enabled; by default Okta and ServiceNow. */
  readonly sources?: readonly SourceId[];
  /** Settings as environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly policies?: string;
}

const OPEN = { callers: { neighbour: { addresses: ['127.0.0.0/8', '::1'], kinds: ['*'], search: true } } };

/** A proxy in this process, with a PDP and a Redis of its own. */
export class RunningProxy {
  private constructor(
    readonly proxy: OpenPdpProxy,
    readonly pdp: Pdp,
    readonly redis: TestRedis,
    private readonly writer: ContextWriter,
    private readonly folder: string,
  ) {}

  static async start(options: RunningProxyOptions = {}): Promise<RunningProxy> {
    const folder = await mkdtemp(join(tmpdir(), 'iris-pdp-proxy-'));
    const redis = await startRedis();
    const pdp = await startPdp({
      root: process.cwd(),
      policies: options.policies ?? POLICIES,
      set: [
        'server.requestLimits.maxActionsPerResource=5',
        'server.requestLimits.maxResourcesPerRequest=50',
        'auxData.jwt.disableVerification=true',
      ],
    });
    const file = async (name: string, content: object) => {
      const path = join(folder, name);
      await writeFile(path, stringify(content));
      return path;
    };
    const settings = loadSettings(pdpProxySettings, {
      IRIS_HTTP_PORT: '0',
      IRIS_GRPC_PORT: '0',
      IRIS_LOG_LEVEL: 'silent',
      IRIS_PDP_TARGET: pdp.target,
      IRIS_PDP_HTTP_URL: pdp.httpUrl,
      IRIS_REDIS_URL: redis.url,
      IRIS_EVIDENCE_DIRECTORY: join(folder, 'evidence'),
      IRIS_EVIDENCE_SEGMENT_SECONDS: '3600',
      IRIS_SOURCES_FILE: await file('sources.yaml', await registry(options.sources ?? ['okta', 'servicenow'])),
      IRIS_MAPPING_FILE: await file('mapping.yaml', options.mapping ?? {}),
      IRIS_CALLERS_FILE: await file('callers.yaml', options.callers ?? OPEN),
      ...options.environment,
    });
    const proxy = await openPdpProxy(settings, createLogger('pdp-proxy', 'silent')).catch(async (error) => {
      await pdp.process.stop();
      await redis.stop();
      throw error;
    });
    const connection = await redis.connect({ commandTimeoutMs: 10_000 });
    return new RunningProxy(proxy, pdp, redis, new ContextWriter(connection), folder);
  }

  /** Puts a fact into the cache, as an enricher does. `undefined` states that the source has no record. */
  async hold(
    login: string,
    source: SourceId,
    attributes: JsonObject | undefined,
    ageMs = 1000,
    freshMs = 600_000,
  ): Promise<void> {
    await this.write({ key: principalKey(login), field: source }, attributes, ageMs, freshMs);
  }

  async holdResource(resource: ResourceRef, attributes: JsonObject | undefined): Promise<void> {
    await this.write({ key: resourceKey(resource), field: 'servicenow' }, attributes, 1000, 600_000);
  }

  private async write(
    address: { readonly key: string; readonly field: string },
    attributes: JsonObject | undefined,
    ageMs: number,
    freshMs: number,
  ): Promise<void> {
    const observedAt = Date.now() - ageMs;
    await this.writer.write(address, {
      status: attributes === undefined ? 'NOT_FOUND' : 'FOUND',
      attributes: attributes ?? {},
      ...(attributes === undefined ? { reason: 'subject_not_found' } : {}),
      observedAt,
      freshUntil: observedAt + freshMs,
      staleUntil: observedAt + 3_600_000,
    });
    await this.writer.invalidate(address.key);
  }

  /** What was recorded so far, oldest first. */
  async records(): Promise<EvidenceRecord[]> {
    const { globSync } = await import('node:fs');
    const files = globSync(join(this.folder, 'evidence', '**/*')).filter((path) =>
      /\.(?:open|ndjson|jsonl)/.test(path),
    );
    const texts = await Promise.all(files.sort().map((path) => readFile(path, 'utf8')));
    return texts
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .filter((record) => record.schema === 'iris.evidence.v1' && record.caller !== undefined);
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.pdp.process.stop();
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The registry of the repository with these sources only. */
async function registry(enabled: readonly SourceId[]): Promise<object> {
  const { sources } = parse(await readFile('deploy/helm/iris/files/sources.yaml', 'utf8'));
  for (const [id, source] of Object.entries<{ enabled: boolean; address: string }>(sources)) {
    source.enabled = enabled.includes(id as SourceId);
    // Nothing listens there: what the cache does not hold is unavailable.
    source.address = '127.0.0.1:9';
  }
  return { sources };
}

/** Posts JSON. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
  readonly headers: Headers;
}> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
  const text = await response.text();
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    type,
    body: type?.startsWith('application/json') ? JSON.parse(text) : text,
    headers: response.headers,
  };
}
