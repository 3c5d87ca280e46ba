import { readFile } from 'node:fs/promises';
import type { JsonObject, ToolCall } from '@iris/contracts';
import {
  DEFAULT_BUSINESS_HOURS,
  type DecisionRequest,
  DecisionService,
  EffectsOfCalls,
  requestTime,
  sessionAttributes,
} from '@iris/decision';
import { loadCatalog } from '@iris/tool-catalog';
import { parse } from 'yaml';
import { z } from 'zod';
import { CliFault } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { printJson, printTable } from '../output.js';
import type { Explanation } from './ask-gateway.js';
import { type LocalAnswer, type LocalQuestion, type PolicyUnderTest, policyUnderTest } from './local-check.js';

export interface LocalCheckCommand {
  readonly policies: string;
  readonly policyVersion: string;
  readonly scope: string;
  readonly kind: string;
  readonly time?: Date;
  readonly facts?: string;
  readonly catalog: string;
  readonly cerbos?: string;
  readonly login?: string;
  readonly tool?: string;
  readonly params: Record<string, unknown>;
  readonly client: string;
  readonly json?: boolean;
}

const attributes = z.record(z.string(), z.json());
const factsSchema = z.strictObject({
  roles: z.array(z.string().min(1)).min(1).optional(),
  attr: attributes.default({}),
  call: attributes.default({}),
});
type Facts = z.infer<typeof factsSchema>;

const CHECK_MS = 30_000;

/**
 * Decides by the policies of a folder, on a PDP of this process. The facts are those of the gateway where one was asked,
 * with those of the file over them.
 *
 * @throws CliFault when the question is incomplete or the policies cannot decide
 */
export async function checkLocally(
  explanation: Explanation | undefined,
  options: LocalCheckCommand,
  io: CliIo,
): Promise<readonly LocalAnswer[]> {
  const facts = await readFacts(options.facts);
  const { kind, policyVersion: version, scope, policies, time, cerbos: binary } = options;
  const tested = await policyUnderTest({ policies, time, binary, key: { kind, version, scope } });
  try {
    const questions =
      explanation === undefined
        ? [await questionOfOptions(options, facts, tested)]
        : explanation.calls.map(({ tool, attr }) => ({
            principal: principalOf(explanation.principal.id, explanation.principal, facts),
            tool,
            attr: {
              ...(attr as JsonObject),
              ...(time && { request: requestTime(time.getTime(), zonesOf(attr)) }),
              ...facts.call,
            } as JsonObject,
          }));
    const answers: LocalAnswer[] = [];
    for (const question of questions) answers.push(await tested.answer(question));
    if (options.json) printJson(io, { principal: questions[0]?.principal, calls: answers });
    else answers.forEach((answer, index) => void print(io, questions[index], answer));
    return answers;
  } finally {
    await tested.close();
  }
}

async function readFacts(file: string | undefined): Promise<Facts> {
  if (file === undefined) return { attr: {}, call: {} };
  const parsed = factsSchema.safeParse(parse(await readFile(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CliFault(
    `${file}: key ${issue?.path.join('.') || '(root)'}: ${issue?.message}; a file of facts has roles (a list), attr and call (objects)`,
  );
}

function principalOf(
  id: string,
  known: { readonly roles: readonly string[]; readonly attr: Readonly<Record<string, unknown>> },
  { roles, attr }: Facts,
): LocalQuestion['principal'] {
  return { id, roles: roles ?? known.roles, attr: { ...known.attr, ...attr } as JsonObject };
}

/** The zones that the gateway gave. */
function zonesOf(attr: Readonly<Record<string, unknown>>) {
  const { request } = attr as { request?: { timeZone?: string; zones?: Record<string, unknown> } };
  const zones = [...new Set([...(request?.timeZone ? [request.timeZone] : []), ...Object.keys(request?.zones ?? {})])];
  return zones.length === 0 ? DEFAULT_BUSINESS_HOURS : { ...DEFAULT_BUSINESS_HOURS, zones };
}

/** The call as the gateway would describe it, without its sources: the facts of the person are those of the file. */
async function questionOfOptions(
  options: LocalCheckCommand,
  facts: Facts,
  { local }: PolicyUnderTest,
): Promise<LocalQuestion> {
  const { login, tool, params, client, time, kind, policyVersion, scope } = options;
  if (login === undefined || tool === undefined) {
    throw new CliFault('name --login and --tool, or a gateway and a hook file');
  }
  const principal = principalOf(login, { roles: ['user'], attr: { kind: 'user' } }, facts);
  const catalog = loadCatalog({ path: options.catalog });
  const selection = { resourceKind: kind, policyVersion, scope };
  const decisions = new DecisionService(local.pdp, catalog, new EffectsOfCalls(catalog), selection, {
    maxParamsBytes: 262_144,
  });
  const call: ToolCall = {
    id: 'what_if',
    name: tool,
    params: params as JsonObject,
    paramsStatus: 'ok',
    phase: 'executed',
  };
  const session = sessionAttributes({ userAgent: client });
  const request: DecisionRequest = {
    event: 'pre_request',
    keyName: 'check',
    arrivedAt: (time ?? new Date()).getTime(),
    who: { kind: 'user', id: login, loginName: login },
    userAgent: client,
    attributes: { ...session, event: 'pre_request' },
    sessionAttributes: session,
  };
  const [decided] = await decisions.decide(
    request,
    { principal, origins: {}, sources: {}, anonymous: false },
    [call],
    new Map(),
    CHECK_MS,
    undefined,
  );
  if (decided === undefined) throw new CliFault('the PDP gave no decision');
  return { principal, tool, attr: { ...decided.attr, ...facts.call } as JsonObject };
}

function print(io: CliIo, question: LocalQuestion | undefined, answer: LocalAnswer): void {
  const { principal } = question ?? {};
  io.out(`${answer.effect} ${answer.tool} for ${principal?.id}, roles ${principal?.roles.join(', ')}\n`);
  if (!answer.policyFound) io.out('  no policy for this kind, version and scope\n');
  for (const error of answer.schemaErrors) io.out(`  the schema refuses ${error}, so every action is denied\n`);
  const { category, operation, environment } = answer.attr;
  io.out(
    `  category ${category ?? 'none'}, operation ${operation ?? 'none'}, environment ${environment ?? 'not recognised'}\n`,
  );
  printTable(
    io,
    ['rule', 'effect', 'outcome', 'condition that is not true', 'value'],
    answer.rules.flatMap(({ rule, effect, outcome, unmet }) =>
      unmet.length === 0
        ? [[rule, effect, outcome, '', '']]
        : unmet.map(({ condition, value, error }, index) => [
            ...(index === 0 ? [rule, effect, outcome] : ['', '', '']),
            condition,
            error === undefined ? JSON.stringify(value ?? null) : `error: ${error}`,
          ]),
    ),
  );
}
