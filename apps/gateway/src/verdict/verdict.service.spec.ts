import { readFileSync } from 'node:fs';
import {
  type CallDecision,
  type Hook,
  type HookEvent,
  hookCallDataSchema,
  type ReasonId,
  type ToolCall,
} from '@iris/contracts';
import { Judgement, type Mode, Modes } from '@iris/decision';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { ReadCalls, RewrittenBody } from '../protocol/hook-calls.js';
import { VerdictService } from './verdict.service.js';

interface Case {
  readonly title: string;
  readonly event?: HookEvent;
  readonly mode?: Mode;
  readonly byCategory?: Readonly<Record<string, Mode>>;
  readonly failure?: 'closed' | 'open';
  readonly onDeniedResult?: 'redact' | 'block';
  readonly canAsk?: boolean;
  readonly left?: number;
  readonly calls: readonly {
    readonly effect: 'ALLOW' | 'DENY';
    readonly phase?: ToolCall['phase'];
    readonly observe?: boolean;
    readonly ask?: string;
  }[];
  readonly body?: RewrittenBody['status'] | 'none';
  readonly bodyWithoutDenials?: RewrittenBody['status'];
  readonly how?: Readonly<Partial<Record<'partlyJudged' | 'failed' | 'unread' | 'unjudgeable', ReasonId>>>;
  readonly expect: object;
}

const CASES: readonly Case[] = parse(readFileSync(new URL('./verdict.cases.yaml', import.meta.url), 'utf8'));
const catalog = loadCatalog({ path: 'policies/catalog.yaml' });

function decisionOf(spec: Case['calls'][number], index: number): CallDecision {
  const call: ToolCall = { id: `t${index}`, name: 'Read', phase: spec.phase ?? 'executed', paramsStatus: 'ok' };
  const outputs = spec.ask === undefined ? [] : [{ source: 'rule', value: { ask: spec.ask } }];
  const reason = spec.effect === 'DENY' ? 'policy_denied' : 'policy_allowed';
  return { call, effect: spec.effect, reason, observe: spec.observe ?? false, rules: [], derivedRoles: [], outputs };
}

function rewritten(status: RewrittenBody['status']): RewrittenBody {
  return status === 'rewritten' ? { status, text: 'new' } : { status };
}

function subjectOf(spec: Case) {
  const { event = 'pre_request', canAsk = false, mode = 'enforce', byCategory = {} } = spec;
  const decisions = spec.calls.map(decisionOf);
  const data = hookCallDataSchema.parse({});
  const agent = event === 'pre_tool_use' ? { canAsk } : undefined;
  const hook: Hook = { event, keyName: 'k', arrivedAt: 0, metadata: data.metadata, data, agent };
  const judgement = new Judgement();
  judgement.decided = decisions.map((decision) => ({ decision, attr: {}, parts: [] }));
  judgement.decisions = new Map(decisions.map((decision) => [decision.call, decision]));
  judgement.left = spec.left ?? 0;
  const { body = 'rewritten', bodyWithoutDenials = body } = spec;
  const calls: ReadCalls = {
    status: 'read',
    declared: [],
    calls: decisions.map(({ call }) => call),
    ...(body === 'none'
      ? {}
      : {
          body: {
            format: 'anthropic-messages',
            rewrite: ({ redact }) =>
              rewritten(redact.size === 0 && bodyWithoutDenials !== 'none' ? bodyWithoutDenials : body),
          },
        }),
  };
  return { hook, judgement, calls, modes: new Modes({ default: mode, byEvent: {}, byCategory }, catalog) };
}

describe('VerdictService', () => {
  it.each(CASES.map((spec) => [spec.title, spec] as const))('%s', async (_title, spec) => {
    const { failure = 'closed', onDeniedResult = 'redact', how = {} } = spec;
    const service = new VerdictService({ onFailure: { pre_request: failure, pre_tool_use: failure }, onDeniedResult });
    const about = subjectOf(spec);
    const conclusion = () => {
      if (how.partlyJudged !== undefined) return service.partlyJudged(about, how.partlyJudged);
      if (how.failed !== undefined) return service.failed(about, how.failed, 'text');
      if (how.unread !== undefined) return service.unread(about, how.unread, 'text');
      if (how.unjudgeable !== undefined) return service.unjudgeable(about, { status: 'nothing_to_evaluate' });
      return service.judged(about, about.calls);
    };
    const { expect: expected } = spec;
    expect(await conclusion()).toMatchObject(expected);
    if (!('failed' in expected)) expect((await conclusion()).failed).not.toBe(true);
  });
});
