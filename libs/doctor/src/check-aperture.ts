import { readFile } from 'node:fs/promises';
import { goDurationMs } from '@iris/contracts';
import { type ApertureHook, type ApertureWiring, readApertureWiring, type Wiring } from './aperture-config.js';
import { checkTailnet } from './check-tailnet.js';
import { type CheckOutcome, type Finding, type FindingId, skipped } from './findings.js';

export interface ApertureCheckOptions {
  /** Aperture's configuration, as a file. */
  readonly config?: string;
  /** The tailnet policy file, when hooks are wired there. */
  readonly tailnetPolicy?: string;
  /** Time in which the gateway answers, in ms. */
  readonly budgetMs: number;
  /** Capability whose grants give roles: identity.rolesCapability of the gateway. */
  readonly rolesCapability: string;
}

const EVENTS_AFTER_RESPONSE = ['tool_call_entire_request', 'entire_request'];
const EVENTS = ['pre_request', ...EVENTS_AFTER_RESPONSE];
const SEND = [
  'tools',
  'request_body',
  'response_body',
  'raw_responses',
  'user_message',
  'estimated_cost',
  'grants',
  'quotas',
];
const AUTHORIZATION = ['bearer', 'x-api-key', 'x-goog-api-key', 'hec', 'cf-aig-authorization'];
/** Aperture's defaults. */
const DEFAULT_TIMEOUT = '5s';
const DEFAULT_FAIL_POLICY = 'fail_open';
const HOOK_PATH = '/ext/aperture';

/** How the hooks of Iris are wired. */
export async function checkAperture(options: ApertureCheckOptions): Promise<CheckOutcome[]> {
  const config = await read(options.config);
  const policy = await read(options.tailnetPolicy);
  if (config === undefined && policy === undefined) {
    return [skipped('aperture', 'no --aperture')];
  }
  const outcomes: CheckOutcome[] = [];
  const names = new Set(config?.wiring?.hooks.filter(isIris).map(({ name }) => name));
  const isOurs = ({ hook }: Wiring) => config === undefined || names.has(hook);
  const wiredInPolicy = policy?.wiring?.wirings.filter(isOurs) ?? [];
  if (config !== undefined) outcomes.push(checkConfig(config, wiredInPolicy, options.budgetMs));
  if (policy !== undefined) {
    outcomes.push(checkPolicy(policy, wiredInPolicy));
    const hosts = config?.wiring?.hooks.filter(isIris).map(({ url }) => new URL(url).hostname);
    const { rolesCapability } = options;
    outcomes.push(checkTailnet(await readFile(policy.path, 'utf8'), { hosts: hosts ?? [], rolesCapability }));
  }
  return outcomes;
}

interface ReadFile {
  readonly path: string;
  readonly wiring?: ApertureWiring;
}

async function read(path: string | undefined): Promise<ReadFile | undefined> {
  return path === undefined ? undefined : { path, wiring: readApertureWiring(await readFile(path, 'utf8')) };
}

function isIris({ url }: ApertureHook): boolean {
  return pathOf(url).startsWith(HOOK_PATH);
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : '';
}

function checkConfig({ path, wiring }: ReadFile, inPolicy: readonly Wiring[], budgetMs: number): CheckOutcome {
  const check = 'aperture configuration';
  if (wiring === undefined) return { check, notes: [], findings: [unreadable(path)] };
  const defined = new Set(wiring.hooks.map(({ name }) => name));
  const findings: Finding[] = [...wiring.wirings, ...inPolicy]
    .filter(({ hook }) => !defined.has(hook))
    .map(({ hook, place }) => ({ id: 'aperture_hook_undefined', subject: hook, detail: `${place} names it` }));
  const hooks = wiring.hooks.filter(isIris);
  if (hooks.length === 0) {
    findings.push({
      id: 'aperture_hook_missing',
      subject: path,
      detail: `no hook has a url that ends with ${HOOK_PATH}`,
    });
  }
  for (const hook of hooks) {
    const own = wiring.wirings.filter((entry) => entry.hook === hook.name);
    findings.push(...hookFindings(hook, budgetMs));
    findings.push(...wiringFindings(hook, [...own, ...inPolicy.filter((entry) => entry.hook === hook.name)]));
    for (const { place, hasDst, old } of own) {
      if (hasDst) findings.push({ id: 'aperture_dst_forbidden', subject: hook.name, detail: `${place} has dst` });
      if (old) findings.push({ id: 'aperture_old_syntax', subject: hook.name, detail: `${place} wires it` });
    }
  }
  const warnings: Finding[] =
    hooks.length > 0 && hooks.every(isObserving)
      ? [{ id: 'aperture_observes_only', subject: path, detail: 'no hook of Iris is for pre_request' }]
      : [];
  return { check, notes: findings.length === 0 ? ['well wired'] : [], findings, warnings };
}

/** A hook on the path of an event after the response is made to observe: its reply changes nothing in Aperture. */
function isObserving({ url }: ApertureHook): boolean {
  return EVENTS_AFTER_RESPONSE.some((event) => pathOf(url) === `${HOOK_PATH}/${event}`);
}

function checkPolicy({ path, wiring }: ReadFile, wirings: readonly Wiring[]): CheckOutcome {
  const check = 'tailnet policy';
  if (wiring === undefined) return { check, notes: [], findings: [unreadable(path)] };
  const findings = wirings
    .filter(({ hasDst }) => !hasDst)
    .map(({ hook, place }): Finding => ({ id: 'aperture_dst_missing', subject: hook, detail: `${place} has no dst` }));
  const notes = findings.length > 0 ? [] : [wirings.length === 0 ? 'wires no hook of Iris' : 'well wired'];
  return { check, notes, findings };
}

function unreadable(path: string): Finding {
  return { id: 'aperture_unreadable', subject: path, detail: 'is not a JSON object' };
}

function hookFindings(hook: ApertureHook, budgetMs: number): Finding[] {
  const find = (id: FindingId, detail: string): Finding => ({ id, subject: hook.name, detail });
  const { timeout = DEFAULT_TIMEOUT, failPolicy = DEFAULT_FAIL_POLICY, authorization = 'bearer' } = hook;
  const findings: Finding[] = [];
  if (hook.disabled) findings.push(find('aperture_hook_disabled', 'disabled is true'));
  if (!hook.apikey) findings.push(find('aperture_apikey_missing', 'it has no apikey'));
  if (!AUTHORIZATION.includes(authorization)) {
    findings.push(find('aperture_authorization_unknown', `authorization is ${authorization}`));
  }
  if (failPolicy !== 'fail_closed' && !isObserving(hook)) {
    findings.push(find('aperture_fail_open', `fail_policy is ${failPolicy}${hook.failPolicy ? '' : ' by default'}`));
  }
  const waitMs = goDurationMs(timeout);
  // 0 means that Aperture waits for ever.
  if (waitMs === undefined || (waitMs > 0 && waitMs <= budgetMs)) {
    findings.push(find('aperture_timeout_short', `timeout is ${timeout}, the gateway takes up to ${budgetMs} ms`));
  }
  return findings;
}

/** Aperture unites the events and fields of all grants that match, so they are judged together. */
function wiringFindings(hook: ApertureHook, wirings: readonly Wiring[]): Finding[] {
  const find = (id: FindingId, detail: string): Finding => ({ id, subject: hook.name, detail });
  if (wirings.length === 0) return [find('aperture_not_wired', 'no grant names it')];
  const events = new Set(wirings.flatMap((entry) => entry.events));
  const send = new Set(wirings.flatMap((entry) => entry.send));
  const findings: Finding[] = [];
  for (const event of events) {
    if (!EVENTS.includes(event)) findings.push(find('aperture_event_unknown', `events has ${event}`));
  }
  for (const field of send) {
    if (!SEND.includes(field)) findings.push(find('aperture_send_useless', `send has ${field}`));
  }
  if (!events.has('pre_request')) {
    if (!isObserving(hook)) {
      findings.push(find('aperture_event_late', `events is ${[...events].join(', ') || 'empty'}`));
    }
  } else if (!send.has('request_body')) {
    findings.push(find('aperture_request_body_missing', `send is ${[...send].join(', ') || 'empty'}`));
  }
  const ofPath = EVENTS.find((event) => pathOf(hook.url) === `${HOOK_PATH}/${event}`);
  for (const event of events) {
    if (ofPath !== undefined && event !== ofPath && EVENTS.includes(event)) {
      findings.push(find('aperture_event_on_wrong_path', `${event} is sent to ${pathOf(hook.url)}`));
    }
  }
  return findings;
}
