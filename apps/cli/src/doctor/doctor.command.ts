import type { Command } from 'commander';
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
import { checkAperture } from './check-aperture.js';
import { checkClocks } from './check-clocks.js';
import { checkEnrichers } from './check-enrichers.js';
import { checkGateway } from './check-gateway.js';
import { checkPdp } from './check-pdp.js';
import { checkRedis } from './check-redis.js';
import { type CheckOutcome, FINDINGS } from './findings.js';

interface Options {
  readonly redis?: string;
  readonly pdp?: string;
  readonly pdpTls: boolean;
  readonly pdpHttp?: string;
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
    .option('--pdp-http <url>', "URL of the PDP's HTTP listener, to compare its clock")
    .option('--golden <file>', 'checks whose answers are known', 'policies/golden.yaml')
    .option('--kind <kind>', 'kind of the resource that a tool call is', 'aperture_hook')
    .option('--policy-version <version>', 'version of the policies that decide', 'default')
    .option('--scope <scope>', 'scope of the policies that decide', '')
    .option(
      '--addresses <json>',
      'addresses of enrichers by source, where they differ from the registry',
      jsonObject,
      {},
    )
    .option('--no-enrichers', 'do not check the enrichers')
    .option('--login <login>', 'a person whom the sources are asked about')
    .option('--node <id>', 'a device, by its stable node id, that the sources are asked about')
    .option('--aperture <file>', "Aperture's configuration")
    .option('--tailnet-policy <file>', 'the tailnet policy file')
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
        findings: findings.map((finding) => ({ ...finding, fix: FINDINGS[finding.id] })),
      });
    } else printOutcomes(io, outcomes);
    finish(findings.length > 0 ? EXIT.FOUND : EXIT.OK);
  });
}

async function examine(options: Options): Promise<CheckOutcome[]> {
  const [redis, pdp, gateway, enrichers, aperture] = await Promise.all([
    checkRedis(options.redis),
    checkPdp({
      target: options.pdp,
      tls: options.pdpTls,
      httpUrl: options.pdpHttp,
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
          login: options.login,
          node: options.node,
        })
      : [],
    checkAperture({
      config: options.aperture,
      tailnetPolicy: options.tailnetPolicy,
      budgetMs: options.budgetMs,
    }),
  ]);
  const clocks = [redis.clock, pdp.clock, gateway.clock].filter((clock) => clock !== undefined);
  return [
    redis.outcome,
    pdp.outcome,
    gateway.outcome,
    ...enrichers,
    ...aperture,
    checkClocks(clocks, options.maxSkewMs),
  ];
}

function printOutcomes(io: CliIo, outcomes: readonly CheckOutcome[]): void {
  for (const { check, notes, findings } of outcomes) {
    io.out(`${findings.length === 0 ? '✓' : '✗'} ${[check, ...notes].join(': ')}\n`);
    for (const { id, subject, detail } of findings) {
      io.out(`  ${id} (${printable(subject)}): ${printable(detail)}\n    ${FINDINGS[id]}\n`);
    }
  }
  const count = outcomes.reduce((sum, { findings }) => sum + findings.length, 0);
  io.out(count === 0 ? 'nothing to fix\n' : `${count} ${count === 1 ? 'finding' : 'findings'}\n`);
}
