import type { Company } from '@iris/simulation';
import { AGENT_HOOK_KEY } from '../../apps/sandbox/src/mesh/mesh.js';

/** Somebody on whose behalf hooks are sent. */
export interface Person {
  readonly login: string;
  readonly nodeId: string;
}

/** More than the company has people with a name and a story. */
const NAMED_PEOPLE = 30;

/** A hook as it is sent. */
export interface SampleHook {
  readonly path: string;
  readonly body: string;
  /** Hook key, where it is another than Aperture's. */
  readonly key?: string;
}

/** People with their first device; the first so many of the company. */
export function peopleOf(company: Company, count = company.people.length): Person[] {
  const nodes = new Map(company.devices.map(({ user, nodeId }) => [user, nodeId]));
  return company.people.slice(0, count).map(({ login }) => ({ login, nodeId: nodes.get(login) ?? '' }));
}

/**
 * People whom every vendor knows by one record, and who have a device. Those that make trouble on purpose stand first in
 * the company, where Zipf's law would draw them most.
 */
export function ordinaryPeopleOf(company: Company): Person[] {
  const ordinary = new Set(
    company.people
      .filter(
        ({ hr, okta, pagerDuty, serviceNow }) =>
          hr?.employmentStatus === 'active' && okta?.status === 'ACTIVE' && pagerDuty && serviceNow,
      )
      .slice(NAMED_PEOPLE)
      .map(({ login }) => login),
  );
  return peopleOf(company).filter(({ login, nodeId }) => ordinary.has(login) && nodeId !== '');
}

let made = 0;

/** A tool call that a hook is about, in a session and with ids of its own, so that nothing is remembered of it. */
interface SampleCall {
  readonly number: number;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

function newCalls(count: number): SampleCall[] {
  return Array.from({ length: count }, () => {
    made += 1;
    return { number: made, name: 'Read', input: { file_path: `/srv/app/src/file_${made}.ts`, limit: 200 } };
  });
}

function metadata({ login, nodeId }: Person): Record<string, unknown> {
  return {
    login_name: login,
    stable_node_id: nodeId,
    user_agent: 'claude-cli/2.1.278 (external, cli)',
    url: '/v1/messages',
    model: 'claude-sonnet-5',
    provider: 'anthropic',
    request_id: `req_${process.pid}_${made}`,
    session_id: `sess_${process.pid}_${made}`,
  };
}

/** A pre_request whose history holds so many new calls with their results; `resultBytes` is the size of each result. */
export function preRequest(person: Person, calls = 1, resultBytes = 60): SampleHook {
  return new History(person, calls, resultBytes).hook();
}

/** What an agent sends in each turn of one session: all calls so far with their results. */
export class History {
  private readonly turns: unknown[] = [];
  private readonly metadata: Record<string, unknown>;

  constructor(
    person: Person,
    calls: number,
    private readonly resultBytes = 60,
  ) {
    this.add(calls);
    this.metadata = metadata(person);
  }

  /** Makes so many calls more. */
  add(calls: number): void {
    const content = 'line of a file\n'.repeat(this.resultBytes / 15);
    for (const { number, name, input } of newCalls(calls)) {
      const id = `toolu_${number}`;
      this.turns.push(
        { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] },
      );
    }
  }

  hook(): SampleHook {
    const tools = [{ name: 'Read', description: 'Reads a file.', input_schema: { type: 'object' } }];
    const messages = [{ role: 'user', content: 'go on' }, ...this.turns];
    const request = { model: 'claude-sonnet-5', max_tokens: 1024, tools, messages };
    return {
      path: '/ext/aperture/pre_request',
      body: JSON.stringify({ metadata: this.metadata, request_body: request }),
    };
  }
}

/** An event after the response, with one call. */
export function afterResponse(person: Person): SampleHook {
  const calls = newCalls(1).map(({ name, input }) => ({ name, params: input }));
  return {
    path: '/ext/aperture/tool_call_entire_request',
    body: JSON.stringify({ metadata: metadata(person), tool_calls: calls }),
  };
}

/** An agent's own hook before a call. The person is told by the hook key. */
export function preToolUse(): SampleHook {
  const [call] = newCalls(1);
  return {
    path: '/ext/claude',
    key: AGENT_HOOK_KEY,
    body: JSON.stringify({
      session_id: `sess_${process.pid}_${made}`,
      hook_event_name: 'PreToolUse',
      tool_name: call?.name,
      tool_input: call?.input,
      tool_use_id: `toolu_${made}`,
    }),
  };
}
