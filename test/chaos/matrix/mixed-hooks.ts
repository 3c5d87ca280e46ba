import type { Company } from '@iris/simulation';
import { PRODUCTION, preRequest, STAGING } from '../../e2e/hook-client.js';

/** What a hook of the load stands for. */
export type HookKind =
  | 'known_allowed'
  | 'known_denied'
  | 'stranger_allowed'
  | 'stranger_denied'
  | 'rewritten'
  | 'unmatched'
  | 'ended';

/** What became of the one executed call of a hook, and of the tool that it declares beside it. */
export type Fate = 'passed' | 'stripped' | 'withheld' | 'blocked';

/** What a healthy mesh answers to each kind. */
export const WELL: Readonly<Record<HookKind, Fate>> = {
  known_allowed: 'passed',
  known_denied: 'withheld',
  stranger_allowed: 'passed',
  stranger_denied: 'withheld',
  rewritten: 'stripped',
  unmatched: 'withheld',
  ended: 'withheld',
};

const HOOK_KINDS = Object.keys(WELL) as HookKind[];

/** Kinds whose call policy denies whatever is known of the person: no failure may let it pass. */
export const NEVER_PASSES: ReadonlySet<HookKind> = new Set(['known_denied', 'stranger_denied', 'unmatched', 'ended']);

/** Kinds about people whom nobody has asked for before, so that every source has to be asked. */
export const ABOUT_STRANGERS: ReadonlySet<HookKind> = new Set(['stranger_allowed', 'stranger_denied', 'rewritten']);

const SQL = 'mcp__postgres__execute_sql';
/** Denied whatever the parameters, so it is taken out of the request. */
const NEVER_TOOL = 'mcp__postgres__drop_database';

interface Someone {
  readonly login: string;
  readonly nodeId: string;
}

/** Draws hooks over a company: each stranger once, as long as there are any. */
export class MixedHooks {
  readonly #strangers: Someone[];
  readonly #ended: Someone[];
  readonly #nodes: ReadonlyMap<string, string>;
  #turn = 0;

  constructor(company: Company) {
    this.#nodes = new Map(
      company.devices.flatMap(({ user, tags, nodeId }) =>
        user === undefined || tags.length > 0 ? [] : [[user, nodeId] as const],
      ),
    );
    const onCall = new Set(company.rota.shifts(company.now, company.now).map(({ login }) => login));
    const people = company.people.flatMap((person) => {
      const nodeId = this.#nodes.get(person.login);
      const named = person.hr?.workEmail === person.login && person.email === person.login;
      return nodeId !== undefined && named ? [{ ...person, nodeId }] : [];
    });
    this.#strangers = people.filter(
      ({ login, hr, okta, pagerDuty, serviceNow }) =>
        hr?.employmentStatus === 'active' &&
        okta?.status === 'ACTIVE' &&
        pagerDuty?.email === login &&
        serviceNow.some(({ active, hiddenByAcl }) => active && !hiddenByAcl) &&
        !onCall.has(login),
    );
    this.#ended = people.filter(({ hr }) => hr?.employmentStatus === 'terminated');
    if (this.#strangers.length < 100 || this.#ended.length === 0) throw new Error('the company is too small');
  }

  /** How many people are left whom nobody has asked for. */
  get strangersLeft(): number {
    return this.#strangers.length;
  }

  next(): { readonly kind: HookKind; readonly requestId: string; readonly hook: Record<string, unknown> } {
    const kind = HOOK_KINDS[this.#turn++ % HOOK_KINDS.length] ?? 'known_denied';
    const hook = this.#hook(kind) as { metadata: { request_id: string } } & Record<string, unknown>;
    return { kind, requestId: hook.metadata.request_id, hook };
  }

  #hook(kind: HookKind): Record<string, unknown> {
    switch (kind) {
      case 'known_allowed':
        return preRequest({ ...this.#named('ana'), tool: SQL, input: PRODUCTION });
      case 'known_denied':
        return preRequest({ ...this.#named('ben'), tool: SQL, input: PRODUCTION });
      case 'stranger_allowed':
        return preRequest({ ...this.#stranger(), tool: 'Read', input: { file_path: '/src/main.ts' } });
      case 'stranger_denied':
        return preRequest({ ...this.#stranger(), tool: SQL, input: PRODUCTION });
      case 'unmatched':
        return preRequest({ ...this.#named('ben'), tool: 'mcp__unheard__of', input: STAGING });
      case 'ended':
        return preRequest({ ...this.#someoneEnded(), tool: 'Read', input: { file_path: '/src/main.ts' } });
      case 'rewritten': {
        const hook = preRequest({ ...this.#stranger(), tool: 'Read', input: { file_path: '/src/main.ts' } });
        const { tools } = hook.request_body as { tools: unknown[] };
        tools.push({ name: NEVER_TOOL, input_schema: { type: 'object' } });
        return hook;
      }
    }
  }

  #named(name: string): Someone {
    const login = `${name}@lumen.example`;
    return { login, nodeId: this.#nodes.get(login) ?? '' };
  }

  #stranger(): Someone {
    const one = this.#strangers.pop();
    if (one === undefined) throw new Error('everybody has been asked for: the company is too small for this load');
    return one;
  }

  #someoneEnded(): Someone {
    const one = this.#ended.shift();
    if (one === undefined) throw new Error('nobody has left the company');
    this.#ended.push(one);
    return one;
  }
}

/** Reads the fate of a hook of this load from the body of its reply. */
export function fateIn(kind: HookKind, body: Readonly<Record<string, unknown>>): Fate {
  if (body.action === 'block') return 'blocked';
  if (body.action === 'allow') return 'passed';
  const text = JSON.stringify(body.request_body);
  if (!text.includes('RESULT')) return 'withheld';
  return kind === 'rewritten' && !text.includes(NEVER_TOOL) ? 'stripped' : 'passed';
}
