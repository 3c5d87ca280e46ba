import { type Client, Metadata, makeClientConstructor } from '@grpc/grpc-js';
import { loadSourceRegistry } from '@iris/config';
import {
  ENRICHER_PACKAGE,
  ENRICHER_SERVICE,
  EnricherServiceClient,
  fromEnrichResponse,
  type SourceAnswer,
  type SourceSettings,
  type Subject,
  toEnrichRequest,
} from '@iris/contracts';
import { type Certificates, channelCredentials } from '@iris/grpc-tls';
import { service as healthService } from 'grpc-health-check';
import { type CheckOutcome, type Finding, skipped } from './findings.js';

export interface EnricherCheckOptions {
  readonly registryFile: string;
  /** host:port by source, where they differ from the registry. */
  readonly addresses: Readonly<Record<string, string>>;
  /** With them the enrichers are reached over TLS. */
  readonly certificates?: Certificates;
  /** Whom the sources are asked about. */
  readonly login?: string;
  /** Which device the sources are asked about. */
  readonly node?: string;
}

const NOBODY_LOGIN = 'iris-doctor@invalid.example';
const NOBODY_NODE = 'iris-doctor';
const TIMEOUT_MS = 8000;

/** Whether each enricher serves, and whether its vendor lets it in. */
export async function checkEnrichers(options: EnricherCheckOptions): Promise<CheckOutcome[]> {
  const { sources } = loadSourceRegistry(options.registryFile);
  return Promise.all(
    Object.entries(sources).map(([id, settings]) =>
      settings === undefined || !settings.enabled
        ? skipped(`enricher ${id}`, 'not enabled')
        : checkOne(id, settings, options.addresses[id] ?? settings.address, options),
    ),
  );
}

async function checkOne(
  id: string,
  settings: SourceSettings,
  address: string,
  options: EnricherCheckOptions,
): Promise<CheckOutcome> {
  const check = `enricher ${id}`;
  const status = await healthOf(address, options.certificates);
  if (status === undefined) {
    const detail = `nothing answers at ${address}`;
    return { check, notes: [], findings: [{ id: 'enricher_unreachable', subject: id, detail }] };
  }
  const findings: Finding[] = [];
  if (status !== 'SERVING') findings.push({ id: 'enricher_not_serving', subject: id, detail: `health is ${status}` });
  const named = settings.subject === 'login' ? options.login : options.node;
  if (named === undefined && findings.length > 0) return { check, notes: [], findings };
  // Without a name the vendor is asked about one that nobody has: that shows too whether it accepts the credentials.
  const asked = named ?? (settings.subject === 'login' ? NOBODY_LOGIN : NOBODY_NODE);
  const subject =
    named === undefined
      ? { principal: asked, ...(settings.subject === 'login' ? { loginName: asked } : { nodeId: asked }) }
      : { principal: options.login ?? asked, loginName: options.login, nodeId: options.node };
  const answer = await enrich(address, subject, options.certificates);
  if (named === undefined && answer?.status === 'NOT_FOUND') {
    return { check, notes: [`serves; no record was looked up: no --${settings.subject}`], findings };
  }
  return {
    check,
    notes: answer?.status === 'FOUND' ? [`serves, has a record of ${asked}`] : [],
    findings: [...findings, ...findingsOf(id, asked, answer)],
  };
}

function findingsOf(id: string, asked: string, answer: SourceAnswer | undefined): Finding[] {
  if (answer === undefined)
    return [{ id: 'source_failing', subject: id, detail: 'the enricher gave no answer in time' }];
  if (answer.status === 'FOUND') return [];
  const detail = `${asked}: ${answer.reason ?? answer.status}`;
  if (answer.status === 'NOT_FOUND') return [{ id: 'login_unknown', subject: id, detail }];
  return [
    { id: answer.reason === 'source_unauthorized' ? 'source_unauthorized' : 'source_failing', subject: id, detail },
  ];
}

/** The status that the standard health service reports; undefined when nothing answers. */
async function healthOf(address: string, certificates: Certificates | undefined): Promise<string | undefined> {
  const client = healthClient(address, certificates);
  try {
    return await new Promise((resolve) => {
      client.check(
        { service: `${ENRICHER_PACKAGE}.${ENRICHER_SERVICE}` },
        { deadline: Date.now() + TIMEOUT_MS },
        (error, response) => resolve(error ? undefined : response.status),
      );
    });
  } finally {
    client.close();
  }
}

interface HealthClient extends Client {
  check(
    request: { readonly service: string },
    options: { readonly deadline: number },
    done: (error: Error | null, response: { readonly status: string }) => void,
  ): void;
}

function healthClient(address: string, certificates: Certificates | undefined): HealthClient {
  const HealthClient = makeClientConstructor(healthService, 'Health');
  return new HealthClient(address, channelCredentials(certificates), {
    'grpc.enable_http_proxy': 0,
  }) as unknown as HealthClient;
}

async function enrich(
  address: string,
  subject: Subject,
  certificates: Certificates | undefined,
): Promise<SourceAnswer | undefined> {
  const client = new EnricherServiceClient(address, channelCredentials(certificates), { 'grpc.enable_http_proxy': 0 });
  try {
    return await new Promise((resolve) => {
      client.enrich(
        toEnrichRequest(subject, undefined, true),
        new Metadata(),
        { deadline: Date.now() + TIMEOUT_MS },
        (error, response) => resolve(error === null ? fromEnrichResponse(response) : undefined),
      );
    });
  } finally {
    client.close();
  }
}
