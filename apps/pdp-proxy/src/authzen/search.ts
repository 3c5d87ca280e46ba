import { Effect } from '@cerbos/api/cerbos/effect/v1/effect_pb';
import type { JsonObject, PrincipalContext } from '@iris/contracts';
import { Budget } from '@iris/decision';
import type { Entry } from '../decide/index.js';
import type { Mapping } from '../enrich/index.js';
import { type MappedTypes, mappedTypes, questionOf } from './authzen-question.js';
import { type Evaluation, InvalidRequest, type Page } from './authzen-request.js';
import { type Evaluations, MAX_PER_QUESTION } from './evaluations.js';
import type { People } from './people.js';

/** How many subjects are asked about at the same time. */
const AT_ONCE = 8;

/** Share of the budget that a page may use before it ends, in percent. */
const SHARE_OF_PAGE = 50;

export interface SearchResult {
  readonly results: readonly JsonObject[];
  readonly page: {
    /** Empty at the end. */
    readonly next_token: string;
    readonly count: number;
    readonly properties?: JsonObject;
  };
}

const NOTHING: SearchResult = { results: [], page: { next_token: '', count: 0 } };

export interface SearchLimits {
  /** How many candidates one page asks about at most. */
  readonly maxCandidates: number;
}

/** Searches by asking about every candidate, so a search returns what as many evaluations would. */
export class Search {
  constructor(
    private readonly evaluations: Evaluations,
    private readonly people: People,
    private readonly mapping: Mapping,
    private readonly limits: SearchLimits,
  ) {}

  /** Which subjects of a type may: the people of the cache and the members that the mapping file lists. */
  async subjects(asked: Evaluation, page: Page, requestId: string, entry: Entry): Promise<SearchResult> {
    const types = mappedTypes(this.mapping, asked);
    if (types === undefined) return NOTHING;
    const members = types.subject.members.map(({ id }) => id);
    const known = types.subject.people ? await this.people.list() : { logins: [], unnamed: 0, truncated: false };
    const candidates = [...new Set([...members, ...known.logins])].sort();
    const uncertain: JsonObject[] = [];
    const isAllowed = async (id: string) => {
      const subject = { ...asked.subject, id };
      const question = questionOf(
        types,
        subject,
        [{ type: types.type, evaluation: { ...asked, subject }, actions: [asked.action.name] }],
        requestId,
      );
      const answer = await this.evaluations.ask(question, {
        ...candidateEntry(entry, types),
        onFacts: ({ sources }) => {
          const states = unknownSources(sources);
          if (states !== undefined) uncertain.push({ id, sources: states });
        },
      });
      return answer.results[0]?.actions[asked.action.name] === Effect.ALLOW;
    };
    const found = await this.paged(candidates, page, AT_ONCE, entry, (ids) => Promise.all(ids.map(isAllowed)));
    const unknown = {
      ...(uncertain.length === 0 ? {} : { subjects: uncertain }),
      ...(known.unnamed === 0 ? {} : { unnamedPeople: known.unnamed }),
      ...(known.truncated ? { morePeople: true } : {}),
    };
    return resultOf(
      found,
      (id) => ({ type: asked.subject.type, id }),
      Object.keys(unknown).length === 0 ? undefined : { unknown },
    );
  }

  /** Which resources of a type that the mapping file lists the subject may act on. */
  async resources(asked: Evaluation, page: Page, requestId: string, entry: Entry): Promise<SearchResult> {
    const types = mappedTypes(this.mapping, asked);
    if (types === undefined) return NOTHING;
    const candidates = types.type.resources.map(({ id }) => id).sort();
    const areAllowed = async (ids: readonly string[]) => {
      const question = questionOf(
        types,
        asked.subject,
        ids.map((id) => ({
          type: types.type,
          evaluation: { ...asked, resource: { ...asked.resource, id } },
          actions: [asked.action.name],
        })),
        requestId,
      );
      const answer = await this.evaluations.ask(question, candidateEntry(entry, types));
      return ids.map((_, index) => answer.results[index]?.actions[asked.action.name] === Effect.ALLOW);
    };
    const found = await this.paged(candidates, page, MAX_PER_QUESTION, entry, areAllowed);
    return resultOf(found, (id) => ({ type: asked.resource.type, id }));
  }

  /** Which actions of the resource's type the subject may do. */
  async actions(asked: Evaluation, page: Page, requestId: string, entry: Entry): Promise<SearchResult> {
    const types = mappedTypes(this.mapping, asked);
    if (types === undefined) return NOTHING;
    const areAllowed = async (actions: readonly string[]) => {
      const question = questionOf(types, asked.subject, [{ type: types.type, evaluation: asked, actions }], requestId);
      const answer = await this.evaluations.ask(question, candidateEntry(entry, types));
      return actions.map((action) => answer.results[0]?.actions[action] === Effect.ALLOW);
    };
    const found = await this.paged([...new Set(types.type.actions)].sort(), page, MAX_PER_QUESTION, entry, areAllowed);
    return resultOf(found, (name) => ({ name }));
  }

  /** The allowed ones of the candidates after the token, in ascending order, up to the limit of the page. */
  private async paged(
    candidates: readonly string[],
    { token, limit }: Page,
    atOnce: number,
    { budget }: Entry,
    ask: (ids: readonly string[]) => Promise<readonly boolean[]>,
  ): Promise<{ readonly found: string[]; readonly next: string }> {
    const after = token === '' ? undefined : decodeToken(token);
    const rest = after === undefined ? candidates : candidates.filter((id) => id > after);
    const found: string[] = [];
    let asked = 0;
    let last: string | undefined;
    while (asked < rest.length && asked < this.limits.maxCandidates) {
      // The page ends before the time does: the next one continues.
      if (asked > 0 && budget.remainingMsOfShare(SHARE_OF_PAGE) === 0) break;
      const part = rest.slice(asked, asked + atOnce);
      const allowed = await ask(part);
      for (const [index, id] of part.entries()) {
        last = id;
        asked += 1;
        if (allowed[index] === true) found.push(id);
        if (found.length === limit) break;
      }
      if (found.length === limit) break;
    }
    return { found, next: asked < rest.length && last !== undefined ? encodeToken(last) : '' };
  }
}

/** Each candidate has the time that is left, so that none is decided on fewer facts than an evaluation would be. */
function candidateEntry(entry: Entry, { subject }: MappedTypes): Entry {
  return { ...entry, budget: new Budget(entry.budget.remainingMs()), isPerson: subject.people };
}

/** The sources whose facts are stale or absent; undefined where all are known. */
function unknownSources(sources: PrincipalContext['sources']): JsonObject | undefined {
  const states = Object.entries(sources).filter(([, { status }]) => status === 'stale' || status === 'unavailable');
  return states.length === 0 ? undefined : Object.fromEntries(states.map(([id, { status }]) => [id, status]));
}

function resultOf(
  { found, next }: { readonly found: readonly string[]; readonly next: string },
  shape: (id: string) => JsonObject,
  properties?: JsonObject,
): SearchResult {
  return {
    results: found.map(shape),
    page: { next_token: next, count: found.length, ...(properties === undefined ? {} : { properties }) },
  };
}

function encodeToken(id: string): string {
  return Buffer.from(JSON.stringify({ after: id })).toString('base64url');
}

function decodeToken(token: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { after?: unknown };
    if (typeof after === 'string') return after;
  } catch {
    // Reported below.
  }
  throw new InvalidRequest('page.token is none that a search returned');
}
