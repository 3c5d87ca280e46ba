import { readYamlFile } from '@iris/config';
import type { Certificates } from '@iris/grpc-tls';
import { CerbosPdp, PdpError, parseGoldenChecks, runGoldenChecks } from '@iris/pdp';
import { type ClockReading, clockOfReply } from './check-clocks.js';
import { policyLoadFindings } from './check-policy-load.js';
import { type CheckOutcome, type Finding, skipped } from './findings.js';

export interface PdpCheckOptions {
  readonly target?: string;
  /** true trusts the public authorities. */
  readonly tls: boolean | Certificates;
  /** URL of the PDP's HTTP listener, for its clock and its counters. */
  readonly httpUrl?: string;
  /** Folder of the policies that the PDP is expected to hold. */
  readonly policies?: string;
  readonly goldenFile: string;
  readonly kind: string;
  readonly policyVersion: string;
  readonly scope: string;
}

const CHECK = 'pdp';
const TIMEOUT_MS = 5000;
/** The first version that knows strict evaluation. */
const LEAST_VERSION = [0, 55] as const;

/** Whether the PDP answers, is new enough, evaluates strictly, decides the golden checks and holds the policies. */
export async function checkPdp(
  options: PdpCheckOptions,
): Promise<{ readonly outcome: CheckOutcome; readonly clock?: ClockReading }> {
  const { target } = options;
  if (target === undefined) return { outcome: skipped(CHECK, 'no --pdp') };
  const pdp = new CerbosPdp({ target, tls: options.tls });
  try {
    const version = await pdp.serverVersion({ timeoutMs: TIMEOUT_MS });
    const findings = [
      ...versionFindings(version),
      ...(await goldenFindings(pdp, options)),
      ...(await policyFindings(pdp, options)),
      ...(await policyLoadFindings(pdp, options)),
    ];
    return {
      outcome: { check: CHECK, notes: [`answers, version ${version}`], findings },
      clock: await readClock(options.httpUrl),
    };
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    const finding: Finding = { id: 'pdp_unreachable', subject: target, detail: error.message };
    return { outcome: { check: CHECK, notes: [], findings: [finding] } };
  } finally {
    pdp.close();
  }
}

function versionFindings(version: string): Finding[] {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
  return isOld ? [{ id: 'pdp_too_old', subject: CHECK, detail: `version ${version}` }] : [];
}

async function goldenFindings(pdp: CerbosPdp, options: PdpCheckOptions): Promise<Finding[]> {
  const checks = parseGoldenChecks(readYamlFile(options.goldenFile));
  const strict = checks.filter(({ proves }) => proves === 'strict_evaluation');
  const others = checks.filter(({ proves }) => proves !== 'strict_evaluation');
  const [strictReport, report] = await Promise.all([
    runGoldenChecks(pdp, strict, TIMEOUT_MS),
    runGoldenChecks(pdp, others, TIMEOUT_MS),
  ]);
  return [
    ...strictReport.failures.map((detail): Finding => ({ id: 'pdp_not_strict', subject: CHECK, detail })),
    ...report.failures.map((detail): Finding => ({ id: 'pdp_golden_failed', subject: CHECK, detail })),
  ];
}

async function policyFindings(pdp: CerbosPdp, { kind, policyVersion, scope }: PdpCheckOptions): Promise<Finding[]> {
  const [result] = await pdp.check(
    {
      principal: { id: 'doctor', roles: ['user'], attr: {} },
      resources: [{ kind, id: 'doctor', action: 'doctor', attr: {} }],
      policyVersion,
      scope,
      requestId: 'doctor: policies',
    },
    { timeoutMs: TIMEOUT_MS },
  );
  if (result?.policyFound) return [];
  const detail = `no policy for the kind ${kind}, version ${policyVersion}${scope === '' ? '' : `, scope ${scope}`}`;
  return [{ id: 'pdp_policy_missing', subject: kind, detail }];
}

async function readClock(httpUrl: string | undefined): Promise<ClockReading | undefined> {
  if (httpUrl === undefined) return undefined;
  const before = Date.now();
  const response = await fetch(new URL('/_cerbos/health', httpUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    () => undefined,
  );
  await response?.arrayBuffer();
  return response && clockOfReply(CHECK, response, before);
}
