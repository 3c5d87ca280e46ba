import {
  CHECKED_AGENTS,
  type CheckOutcome,
  checkAgent,
  checkAperture,
  checkClocks,
  checkEnrichers,
  checkGateway,
  checkPdp,
  checkRedis,
  FINDINGS,
  type Finding,
} from '@iris/doctor';
import { Certificates, certificateFiles } from '@iris/grpc-tls';
import { type Command, Option } from 'commander';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import {
  gatewayOption,
  hookKeyOption,
  jsonObject,
  jsonOption,
  pdpOption,
  redisOption,
  sourcesOption,
  wholeNumber,
  withOptions,
} from '../options.js';
import { printable, printJson } from '../output.js';
import { withRedis } from '../redis.js';

interface Options {
  readonly redis?: string;
  readonly pdp?: string;
  readonly pdpTls: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly pdpHttp?: string;
  readonly policies?: string;
  readonly golden: string;
  readonly kind: string;
  readonly policyVersion: string;
  readonly scope: string;
  readonly gateway?: string;
  readonly hookKey?: string;
  readonly sources: string;
  readonly addresses: Readonly<Record<string, string>>;
  /** False when the enrichers are not to be checked. */
  readonly enrichers: boolean;
  readonly login?: string;
  readonly node?: string;
  readonly aperture?: string;
  readonly tailnetPolicy?: string;
  readonly rolesCapability: string;
  readonly agent?: (typeof CHECKED_AGENTS)[number];
  readonly agentSettings?: string;
  readonly agentWaitMs: number;
  readonly budgetMs: number;
  readonly maxSkewMs: number;
  readonly json?: boolean;
}

/** `iris doctor`: what is wrong with a set-up, and what to do about it. */
export function registerDoctor(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('doctor')
    .description('check a set-up; exit code 1 when something has to be fixed')
    .option('--pdp-tls', 'reach the PDP over TLS', false)
    .option('--pdp-http <url>', "URL of the PDP's HTTP listener, to compare its clock and to read its counters")
    .option('--policies <folder>', 'folder of the policies that the PDP is expected to hold')
    .option('--golden <file>', 'checks whose answers are known', 'policies/golden.yaml')
    .option('--kind <kind>', 'kind of the resource that a tool call is', 'aperture_hook')
    .addOption(
      new Option('--policy-version <version>', 'version of the policies that decide')
        .env('IRIS_PDP_POLICY_VERSION')
        .default('default'),
    )
    .addOption(new Option('--scope <scope>', 'scope of the policies that decide').env('IRIS_PDP_SCOPE').default(''))
    .addOption(
      new Option('--addresses <json>', 'addresses of enrichers by source, where they differ from the registry')
        .env('IRIS_SOURCES_ADDRESSES')
        .argParser(jsonObject)
        .default({}),
    )
    .addOption(new Option('--tls-ca <file>', 'authorities of the enrichers and the PDP, PEM').env('IRIS_TLS_CA_FILE'))
    .addOption(new Option('--tls-cert <file>', 'certificate to show to them, PEM').env('IRIS_TLS_CERT_FILE'))
    .addOption(new Option('--tls-key <file>', 'private key of that certificate, PEM').env('IRIS_TLS_KEY_FILE'))
    .option('--no-enrichers', 'do not check the enrichers')
    .option('--login <login>', 'a person whom the sources are asked about')
    .option('--node <id>', 'a device, by its stable node id, that the sources are asked about')
    .option('--aperture <file>', "Aperture's configuration")
    .option('--tailnet-policy <file>', 'the tailnet policy file')
    .option('--roles-capability <name>', 'identity.rolesCapability of the gateway', 'iris.dev/cap/roles')
    .addOption(
      new Option(
        '--agent <name>',
        'check that this coding agent stops its calls without Iris, and nothing else',
      ).choices(CHECKED_AGENTS),
    )
    .option('--agent-settings <file>', 'settings of the agent; default: the first of its own places')
    .option('--agent-wait-ms <ms>', 'most time for one run of a hook', wholeNumber(1), 15_000)
    .option('--budget-ms <ms>', 'hook.budgetMs of the gateway', wholeNumber(1), 1500)
    .option('--max-skew-ms <ms>', 'difference of clocks that is accepted', wholeNumber(1), 2000);
  withOptions(command, [
    redisOption(),
    pdpOption(),
    gatewayOption(),
    hookKeyOption(),
    sourcesOption(),
    jsonOption(),
  ]).action(async (options: Options) => {
    const outcomes = await examine(options);
    const findings = outcomes.flatMap((outcome) => outcome.findings);
    if (options.json) {
      printJson(io, {
        checks: outcomes,
        findings: findings.map(withFix),
        warnings: outcomes.flatMap(({ warnings = [] }) => warnings).map(withFix),
      });
    } else printOutcomes(io, outcomes);
    finish(findings.length > 0 ? EXIT.FOUND : EXIT.OK);
  });
}

/** @throws ConfigError naming the option's variable or the file that cannot be used */
function openCertificates({ tlsCa, tlsCert, tlsKey }: Options): Certificates | undefined {
  const files = certificateFiles({ 'tls.CaFile': tlsCa, 'tls.CertFile': tlsCert, 'tls.KeyFile': tlsKey }, 'tls.');
  return files && new Certificates(files, () => {});
}

async function examine(options: Options): Promise<CheckOutcome[]> {
  const { agent, agentSettings: file, agentWaitMs: maxWaitMs } = options;
  if (agent !== undefined) return [await checkAgent({ agent, file, maxWaitMs })];
  const certificates = openCertificates(options);
  const { redis } = options;
  const [ofRedis, pdp, gateway, enrichers, aperture] = await Promise.all([
    checkRedis(redis === undefined ? undefined : (use) => withRedis(redis, use)),
    checkPdp({
      target: options.pdp,
      tls: options.pdpTls && (certificates ?? true),
      httpUrl: options.pdpHttp,
      policies: options.policies,
      goldenFile: options.golden,
      kind: options.kind,
      policyVersion: options.policyVersion,
      scope: options.scope,
    }),
    checkGateway(options.gateway, options.hookKey),
    options.enrichers
      ? checkEnrichers({
          registryFile: options.sources,
          addresses: options.addresses,
          certificates,
          login: options.login,
          node: options.node,
        })
      : [],
    checkAperture({
      config: options.aperture,
      tailnetPolicy: options.tailnetPolicy,
      budgetMs: options.budgetMs,
      rolesCapability: options.rolesCapability,
    }),
  ]);
  const clocks = [ofRedis.clock, pdp.clock, gateway.clock].filter((clock) => clock !== undefined);
  return [
    ofRedis.outcome,
    pdp.outcome,
    gateway.outcome,
    ...enrichers,
    ...aperture,
    checkClocks(clocks, options.maxSkewMs),
  ];
}

function printOutcomes(io: CliIo, outcomes: readonly CheckOutcome[]): void {
  for (const { check, notes, findings, warnings = [], skipped } of outcomes) {
    if (skipped !== undefined) {
      io.out(`- ${check}: not checked: ${skipped}\n`);
      continue;
    }
    const mark = findings.length > 0 ? '✗' : warnings.length > 0 ? '!' : '✓';
    io.out(`${mark} ${[check, ...notes].join(': ')}\n`);
    for (const { id, subject, detail } of [...findings, ...warnings]) {
      io.out(`  ${id} (${printable(subject)}): ${printable(detail)}\n    ${FINDINGS[id]}\n`);
    }
  }
  const total = (of: (outcome: CheckOutcome) => number) => outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
  const counts = [
    counted(
      total(({ findings }) => findings.length),
      'finding',
    ),
    counted(
      total(({ warnings = [] }) => warnings.length),
      'warning',
    ),
    counted(
      total(({ skipped }) => (skipped === undefined ? 0 : 1)),
      'check',
      ' not done',
    ),
  ].filter((text) => text !== undefined);
  io.out(`${counts.length === 0 ? 'everything is in order' : counts.join(', ')}\n`);
}

function withFix(finding: Finding): Finding & { readonly fix: string } {
  return { ...finding, fix: FINDINGS[finding.id] };
}

function counted(count: number, noun: string, rest = ''): string | undefined {
  return count === 0 ? undefined : `${count} ${noun}${count === 1 ? '' : 's'}${rest}`;
}
