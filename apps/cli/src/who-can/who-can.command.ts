import { readFileSync } from 'node:fs';
import { loadSourceRegistry } from '@iris/config';
import { type PeopleList, peopleOfCache } from '@iris/context-cache';
import { DecisionService, EffectsOfCalls } from '@iris/decision';
import { CerbosPdp } from '@iris/pdp';
import { loadCatalog } from '@iris/tool-catalog';
import {
  type AskVerdict,
  CachedFacts,
  type PersonVerdict,
  resourceQuestion,
  toolQuestion,
  whoCan,
} from '@iris/who-can';
import type { Command } from 'commander';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import {
  catalogOption,
  collected,
  jsonObject,
  jsonOption,
  pdpOption,
  redisOption,
  sourcesOption,
  wholeNumber,
  withOptions,
} from '../options.js';
import { Progress, printJson, printTable } from '../output.js';
import { withRedis } from '../redis.js';

interface WhoCanOptions {
  readonly redis?: string;
  readonly pdp?: string;
  readonly sources: string;
  readonly catalog: string;
  readonly resource?: string;
  readonly attr: Record<string, unknown>;
  readonly params: Record<string, unknown>;
  readonly kind: string;
  readonly scope: string;
  readonly baseVersion: string;
  readonly policyVersion?: string;
  readonly only?: string;
  readonly roles: Record<string, unknown>;
  readonly role: readonly string[];
  readonly limit: number;
  readonly json?: boolean;
}

/** `iris who-can`: who may call a tool or act on a resource, of all people of the cache. */
export function registerWhoCan(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('who-can')
    .description('list who may call a tool, or act on a resource, of all people whose facts the cache holds')
    .argument('<tool|action>', 'name of the tool as a model calls it; with --resource the action')
    .option('--resource <kind:id>', 'resource of an application, instead of a tool')
    .option('--attr <json>', 'attributes of that resource', jsonObject, {})
    .option('--params <json>', 'parameters of the tool call', jsonObject, {})
    .option('--kind <kind>', 'kind of the resource that a tool call is', 'aperture_hook')
    .option('--scope <scope>', 'scope of the policies that decide', '')
    .option('--base-version <version>', 'version of the policies that decide', 'default')
    .option('--policy-version <version>', 'also ask these policies, and list who changes')
    .option('--only <sources>', 'sources that matter, separated by commas: others never make a verdict unknown')
    .option('--roles <json>', 'roles by group name, as roles.fromGroups of the gateway', jsonObject, {})
    .option('--role <role>', 'role that everybody has in the application; may be given again', collected, [])
    .option('--limit <count>', 'how many people are asked about at most', wholeNumber(1), 200_000);
  withOptions(command, [redisOption(), pdpOption(), sourcesOption(), catalogOption(), jsonOption()]).action(
    (action: string, options: WhoCanOptions) =>
      withRedis(options.redis, async (redis) => {
        if (options.pdp === undefined) throw new CliFault('name the PDP by --pdp or IRIS_PDP_TARGET');
        const catalog = loadCatalog({ text: readFileSync(options.catalog, 'utf8') });
        const pdp = new CerbosPdp({ target: options.pdp, tls: false });
        const progress = new Progress(io, 'people');
        try {
          const roles = { fromGroups: rolesOf(options.roles), capability: 'iris.dev/cap/roles' };
          const facts = new CachedFacts(redis, loadSourceRegistry(options.sources).sources, catalog, roles);
          const policies = { resourceKind: options.kind, policyVersion: options.baseVersion, scope: options.scope };
          const decisions = new DecisionService(pdp, catalog, new EffectsOfCalls(catalog), policies, {
            maxParamsBytes: 65_536,
          });
          const list = await peopleOfCache(redis, options.limit);
          const { people, changes } = await whoCan(
            list.logins,
            async (login) => {
              const { principal } = await facts.of(login);
              return { ...principal, roles: [...principal.roles, ...options.role] };
            },
            decisions,
            questionOf(action, options, pdp, catalog),
            {
              policyVersion: options.baseVersion,
              otherVersion: options.policyVersion,
              sources: options.only?.split(',').map((source) => source.trim()),
              onProgress: (done) => progress.update(done),
            },
          );
          progress.end();
          print(io, options, list, people, changes);
          finish(changes.length > 0 ? EXIT.FOUND : EXIT.OK);
        } finally {
          pdp.close();
        }
      }),
  );
}

function questionOf(
  action: string,
  { resource, attr, params, kind, scope }: WhoCanOptions,
  pdp: CerbosPdp,
  catalog: ReturnType<typeof loadCatalog>,
): AskVerdict {
  if (resource === undefined) return toolQuestion(pdp, catalog, { tool: action, params: params as never, kind, scope });
  const at = resource.indexOf(':');
  if (at < 1) throw new CliFault('--resource must be kind:id, for example report:R1');
  const question = { action, kind: resource.slice(0, at), id: resource.slice(at + 1), attr: attr as never, scope };
  return resourceQuestion(pdp, question);
}

function rolesOf(roles: Record<string, unknown>): Record<string, string[]> {
  for (const value of Object.values(roles)) {
    const isList = Array.isArray(value) && value.every((role) => typeof role === 'string');
    if (!isList) throw new CliFault('--roles must be JSON such as {"Platform Admins":["platform_admin"]}');
  }
  return roles as Record<string, string[]>;
}

function print(
  io: CliIo,
  { json, policyVersion }: WhoCanOptions,
  list: PeopleList,
  people: readonly PersonVerdict[],
  changes: readonly PersonVerdict[],
): void {
  if (json) {
    printJson(io, { people, changes, unnamedPeople: list.unnamed, morePeople: list.truncated });
    return;
  }
  for (const [title, verdict] of [
    ['May', 'allowed'],
    ['Unknown: facts are stale or absent', 'unknown'],
  ] as const) {
    const rows = people.filter((person) => person.verdict === verdict);
    io.out(`${title} (${rows.length})\n`);
    printTable(
      io,
      ['person', 'with the facts that are held', 'stale or absent'],
      rows.map(({ login, allowedNow, reason, unknownSources }) => [
        login,
        `${allowedNow ? 'allowed' : 'denied'}: ${reason}`,
        Object.entries(unknownSources)
          .map(([source, status]) => `${source} ${status}`)
          .join(', '),
      ]),
    );
  }
  io.out(`May not: ${people.filter(({ verdict }) => verdict === 'denied').length} people\n`);
  if (list.unnamed > 0) {
    io.out(`Not asked about: ${list.unnamed} principals whose facts hold no login, such as devices\n`);
  }
  if (list.truncated) io.out('There are more people than --limit\n');
  if (policyVersion === undefined) return;
  io.out(`Changed by version ${policyVersion} (${changes.length})\n`);
  printTable(
    io,
    ['person', 'now', `with ${policyVersion}`],
    changes.map(({ login, allowedNow, other }) => [
      login,
      allowedNow ? 'allowed' : 'denied',
      other?.allowed ? 'allowed' : `denied: ${other?.reason}`,
    ]),
  );
}
