import { type PeopleList, peopleOfCache, type RedisConnection } from '@iris/context-cache';

/** How many people a search lists. */
const MAX_PEOPLE = 200_000;
/** For how long a list is used again, in ms: the pages of one search follow each other. */
const USED_MS = 5000;

/** The people of the context cache. */
export class People {
  private last: { readonly at: number; readonly list: Promise<PeopleList> } | undefined;

  constructor(private readonly redis: RedisConnection | undefined) {}

  /** @throws Error when Redis is not configured or does not answer: a list that is not known is not an empty one */
  list(): Promise<PeopleList> {
    const { redis, last } = this;
    if (redis === undefined) return Promise.reject(new Error('the people are not known without redis.url'));
    const now = performance.now();
    if (last !== undefined && now - last.at < USED_MS) return last.list;
    const list = peopleOfCache(redis, MAX_PEOPLE);
    this.last = { at: now, list };
    list.catch(() => {
      this.last = undefined;
    });
    return list;
  }
}
