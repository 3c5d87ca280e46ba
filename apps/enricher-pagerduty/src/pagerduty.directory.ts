import type { Scope } from './pagerduty.duties.js';
import { entriesByKeys, entriesOf, idOf, ListTooLong } from './pagerduty.lists.js';
import { type PagerDutyUser, readUser } from './pagerduty.mapper.js';

const USERS = { path: '/users', name: 'users', query: {} };

/** The users of an account. */
export interface Directory {
  readonly users: readonly PagerDutyUser[];
  /** Whether an address that is nobody's in it is not known to PagerDuty. */
  readonly complete: boolean;
}

/**
 * All users. An account with more than PagerDuty gives in one list is read by team; users without a team are then
 * those of the beginning of the whole list, and when some are still missing the directory is not complete.
 */
export async function readDirectory(scope: Scope): Promise<Directory> {
  const reading = new Reading(scope);
  try {
    await reading.add(entriesOf({ ...scope, ...USERS }));
    return reading.directory(true);
  } catch (error) {
    if (!(error instanceof ListTooLong)) throw error;
    await reading.add(entriesByKeys({ ...scope, ...USERS }, 'team_ids[]', await teamsOf(scope)));
    if (error.total === undefined || reading.size < error.total) {
      await reading.add(entriesOf({ ...scope, ...USERS, beyond: 'left_out' }));
    }
    return reading.directory(error.total !== undefined && reading.size >= error.total);
  }
}

/** None when the key may not list teams. */
async function teamsOf(scope: Scope): Promise<string[]> {
  const ids: string[] = [];
  try {
    for await (const team of entriesOf({ ...scope, path: '/teams', name: 'teams', query: {} })) {
      const id = idOf(team);
      if (id === undefined) scope.leftOut?.('teams');
      else ids.push(id);
    }
  } catch {
    scope.leftOut?.('teams (not readable)');
    return [];
  }
  return ids;
}

class Reading {
  private readonly users = new Map<string, PagerDutyUser>();
  private leftOut = 0;

  constructor(private readonly scope: Scope) {}

  get size(): number {
    return this.users.size;
  }

  async add(entries: AsyncIterable<unknown>): Promise<void> {
    for await (const entry of entries) {
      const user = readUser(entry);
      if (user !== undefined) this.users.set(user.id, user);
      else {
        this.leftOut += 1;
        this.scope.leftOut?.('users', idOf(entry));
      }
    }
  }

  directory(whole: boolean): Directory {
    return { users: [...this.users.values()], complete: whole && this.leftOut === 0 };
  }
}
