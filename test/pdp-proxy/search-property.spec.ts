import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { post, RunningProxy } from './running-proxy.js';

const DEPARTMENTS = ['Sales', 'Legal', 'Finance'];
const ACTIONS = ['a1', 'a2', 'a3'];
/** How many policies are drawn; each is a kind of its own, so that one PDP holds all of them. */
const KINDS = 12;

/** Conditions, and what each means. */
const CONDITIONS = {
  'R.attr.owner == P.id': (who: Person, what: Thing) => what.owner === who.id,
  'R.attr.department == P.attr.department': (who: Person, what: Thing) => what.department === who.department,
  'P.attr.department == "Legal"': (who: Person) => who.department === 'Legal',
  'R.attr.department != "Sales"': (_who: Person, what: Thing) => what.department !== 'Sales',
  '"G1" in P.attr.groups': (who: Person) => who.groups.includes('G1'),
};
type Condition = keyof typeof CONDITIONS;

interface Person {
  readonly id: string;
  readonly department: string;
  readonly groups: string[];
}

interface Thing {
  readonly id: string;
  readonly owner: string;
  readonly department: string;
}

interface Rule {
  readonly actions: string[];
  readonly deny: boolean;
  readonly when: Condition;
}

const conditions = Object.keys(CONDITIONS) as Condition[];
const rules: fc.Arbitrary<Rule[]> = fc.array(
  fc.record({
    actions: fc.subarray(ACTIONS, { minLength: 1 }),
    deny: fc.boolean(),
    when: fc.constantFrom(...conditions),
  }),
  { minLength: 1, maxLength: 4 },
);
const people: fc.Arbitrary<Person[]> = fc
  .array(fc.record({ department: fc.constantFrom(...DEPARTMENTS), groups: fc.subarray(['G1', 'G2']) }), {
    minLength: 4,
    maxLength: 8,
  })
  .map((drawn) => drawn.map((person, index) => ({ ...person, id: `person-${index}@acme.example` })));

const [policies = []] = fc.sample(fc.array(rules, { minLength: KINDS, maxLength: KINDS }), { numRuns: 1, seed: 7 });
const [company = []] = fc.sample(people, { numRuns: 1, seed: 11 });
const [things = []] = fc.sample(
  fc
    .array(
      fc.record({
        owner: fc.constantFrom(...company.map(({ id }) => id)),
        department: fc.constantFrom(...DEPARTMENTS),
      }),
      {
        minLength: 6,
        maxLength: 6,
      },
    )
    .map((drawn): Thing[] => drawn.map((thing, index) => ({ ...thing, id: `thing-${index}` }))),
  { numRuns: 1, seed: 13 },
);

/** What a policy means: a deny that holds wins over every allow. */
function mayDo(policy: readonly Rule[], who: Person, what: Thing, action: string): boolean {
  const holding = policy.filter(({ actions, when }) => actions.includes(action) && CONDITIONS[when](who, what));
  return holding.length > 0 && !holding.some(({ deny }) => deny);
}

let folder: string;
let running: RunningProxy | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-random-policies-'));
  mkdirSync(join(folder, 'policies'));
  for (const [index, policy] of policies.entries()) {
    const document = {
      apiVersion: 'api.cerbos.dev/v1',
      resourcePolicy: {
        resource: `kind${index}`,
        version: 'default',
        rules: policy.map(({ actions, deny, when }) => ({
          actions,
          roles: ['user'],
          effect: deny ? 'EFFECT_DENY' : 'EFFECT_ALLOW',
          condition: { match: { expr: when } },
        })),
      },
    };
    writeFileSync(join(folder, 'policies', `kind${index}.yaml`), stringify(document));
  }
  const resources = things.map(({ id, ...properties }) => ({ id, properties }));
  const types = Object.fromEntries(policies.map((_, index) => [`kind${index}`, { actions: ACTIONS, resources }]));
  running = await RunningProxy.start({
    policies: join(folder, 'policies'),
    sources: ['okta'],
    mapping: { authzen: { subjects: { user: { roles: ['user'] } }, types } },
  });
  for (const { id, department, groups } of company) {
    await running?.hold(id, 'okta', { login: id, department, groups });
  }
});

afterAll(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true });
});

const results = async (what: string, body: object) => {
  const { status, body: answer } = await post(`${running?.proxy.httpUrl}/access/v1/search/${what}`, body);
  expect(status).toBe(200);
  return (answer as { results: { id?: string; name?: string }[] }).results.map(({ id, name }) => id ?? name);
};

describe('for policies drawn at random', () => {
  it('a search finds exactly what the rules allow, and what evaluations allow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: KINDS - 1 }),
        fc.nat({ max: company.length - 1 }),
        fc.nat({ max: things.length - 1 }),
        fc.constantFrom(...ACTIONS),
        async (kind, whoIndex, whatIndex, name) => {
          const [policy, who, what] = [policies[kind] ?? [], company[whoIndex], things[whatIndex]];
          if (who === undefined || what === undefined) throw new Error('drawn beside the lists');
          const type = `kind${kind}`;
          const subject = { type: 'user', id: who.id };
          const resource = { type, id: what.id };
          expect(await results('subject', { subject: { type: 'user' }, action: { name }, resource })).toEqual(
            company.filter((person) => mayDo(policy, person, what, name)).map(({ id }) => id),
          );
          expect(await results('resource', { subject, action: { name }, resource: { type } })).toEqual(
            things.filter((thing) => mayDo(policy, who, thing, name)).map(({ id }) => id),
          );
          expect(await results('action', { subject, resource })).toEqual(
            ACTIONS.filter((action) => mayDo(policy, who, what, action)),
          );
          const evaluated = await post(`${running?.proxy.httpUrl}/access/v1/evaluation`, {
            subject,
            action: { name },
            resource,
          });
          expect(evaluated.body).toMatchObject({ decision: mayDo(policy, who, what, name) });
        },
      ),
      { numRuns: 40 },
    );
  });
});
